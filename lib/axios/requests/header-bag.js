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
  // axios 1.0 would also send a default whose name has another case. The name itself is not deleted, because V8 would make a
  // dictionary of the headers, and axios copies those slowly.
  drop(
    config.headers,
    spellings(config.headers, name).filter((key) => key !== name),
  );
  if (typeof config.headers.set === 'function') config.headers.set(name, value, true);
  else config.headers[name] = value;
}

/** The header is not sent, not even if it is a default. */
function deleteHeader({ headers }, name) {
  if (!headers) return;
  if (typeof headers.delete === 'function') headers.delete(name);
  drop(headers, spellings(headers, name));
}

function drop(headers, keys) {
  for (const key of keys) {
    if (hidesDefaults(headers)) headers[key] = false;
    else delete headers[key];
  }
}

/** The keys of `headers` that are `name` in any case. */
function spellings(headers, name) {
  const lower = name.toLowerCase();
  const all = hidesDefaults(headers) ? headers.toJSON() : headers;
  return Object.keys(all).filter((key) => key.length === lower.length && key.toLowerCase() === lower);
}

/** True of axios 1.0. */
function hidesDefaults(headers) {
  return typeof headers.toJSON === 'function' && typeof headers.concat !== 'function';
}

module.exports = { deleteHeader, getHeader, setHeader };
