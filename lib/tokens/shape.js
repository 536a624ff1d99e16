'use strict';

// Says what came instead of tokens, and what to write instead. Names of properties are shown only if this file lists them,
// because any other name may be a token.

/** Properties that wrap tokens in the answers of HTTP clients and APIs. */
const WRAPPERS = ['data', 'body', 'result', 'tokens', 'token', 'payload', 'session'];

/** @param {unknown} value  an object of any kind, whose getters may throw */
function shapeOf(value) {
  try {
    return describe(value);
  } catch {
    return 'an object that cannot be read';
  }
}

function describe(value) {
  if (value === undefined) return 'nothing: each path must return the tokens';
  if (typeof value === 'string') return 'a string: return what JSON.parse makes of it';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return kindOf(value);
  if (typeof value.json === 'function') return 'a response whose body is not read: return response.json()';
  if (value.headers !== undefined) {
    if (value.data !== undefined) return 'an object with status, headers and data: return response.data';
    if (value.body !== undefined) return 'an object with status, headers and body: return the parsed body';
  }
  const wrapper = WRAPPERS.find((name) => typeof value[name] === 'object' && value[name] !== null);
  if (wrapper !== undefined) return `an object with ${wrapper}: return its ${wrapper}`;
  return 'an object without accessToken and access_token';
}

/** "a number", "an array" and so on. */
function kindOf(value) {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

module.exports = { kindOf, shapeOf };
