'use strict';

// Says what came instead of tokens, and what to write instead. Names of properties are shown only if this file lists them,
// because any other name may be a token. Finds the refresh token in it too: the server has spent the one before it.

const { isMap } = require('node:util/types');

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

/** A wrapper may be in another: `{ data: { session } }`, and the whole may be JSON. */
const MAX_DEPTH = 4;
const MAX_TEXT_LENGTH = 65_536;
/** As programs write it, which do not always escape. */
const FORM = /^[^\s<>"'?]+$/;

/**
 * The text in the place of a refresh token, however it is wrapped.
 * @param {unknown} value  of any kind, whose getters may throw
 * @returns {string | undefined}
 */
function refreshTextIn(value, depth = MAX_DEPTH) {
  if (depth === 0) return undefined;
  try {
    if (typeof value === 'string') return refreshTextIn(parsed(value), depth - 1);
    if (typeof value !== 'object' || value === null) return undefined;
    const get =
      isMap(value) || value instanceof URLSearchParams ? (key) => value.get(key) : (key) => own(value, key);
    const text = ['refreshToken', 'refresh_token']
      .map(get)
      .find((field) => typeof field === 'string' && field !== '');
    if (text !== undefined) return text;
    const inner = Array.isArray(value) ? value.slice(0, MAX_DEPTH) : WRAPPERS.map(get);
    return first(inner, (item) => refreshTextIn(item, depth - 1));
  } catch {
    return undefined;
  }
}

/** JSON or a form, as token endpoints answer; undefined for anything else, such as a page with links. */
function parsed(text) {
  if (text.length > MAX_TEXT_LENGTH) return undefined;
  if (/^\s*[[{]/.test(text)) return JSON.parse(text);
  return FORM.test(text) ? new URLSearchParams(text) : undefined;
}

/** A property of a polluted Object.prototype is none of this object's. */
function own(value, key) {
  const found = value[key];
  return found === Object.prototype[key] && !Object.hasOwn(value, key) ? undefined : found;
}

function first(items, find) {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** "a number", "an array" and so on. */
function kindOf(value) {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

module.exports = { kindOf, refreshTextIn, shapeOf };
