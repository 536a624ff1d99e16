'use strict';

// Reads and changes a request's headers in all versions of axios. In 1.0 `get` and `delete` do not reach the instance's
// default headers.

function getHeader(headers, name) {
  if (typeof headers !== 'object' || headers === null) return undefined;
  if (typeof headers.get === 'function') {
    const value = headers.get(name);
    if (value !== undefined || typeof headers.concat === 'function') return value;
    headers = headers.toJSON();
  }
  const [key] = Object.hasOwn(headers, name) ? [name] : spellings(headers, name);
  return key === undefined ? undefined : headers[key];
}

function setHeader(config, name, value) {
  config.headers ??= {};
  // axios 1.0 would also send a default whose name has another case.
  drop(config.headers, name);
  if (typeof config.headers.set === 'function') config.headers.set(name, value, true);
  else config.headers[name] = value;
}

/** The header is not sent, not even if it is a default. */
function deleteHeader(config, name) {
  if (config.headers) drop(config.headers, name);
}

function drop(headers, name) {
  if (typeof headers.delete === 'function') headers.delete(name);
  const inDefaults = typeof headers.toJSON === 'function' && typeof headers.concat !== 'function';
  for (const key of spellings(inDefaults ? headers.toJSON() : headers, name)) {
    if (inDefaults) headers[key] = false;
    else delete headers[key];
  }
}

function spellings(headers, name) {
  const lower = name.toLowerCase();
  return Object.keys(headers).filter((key) => key.length === lower.length && key.toLowerCase() === lower);
}

module.exports = { deleteHeader, getHeader, setHeader };
