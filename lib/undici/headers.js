'use strict';

// Reads a request's headers in any of the forms that undici takes. They are read once, because an iterator gives them only
// once and a request may be sent three times.

/** Null for headers that undici will refuse. */
function readHeaders(headers) {
  const read = new RequestHeaders();
  if (headers === undefined || headers === null) return read;
  if (typeof headers !== 'object') return null;
  const pairs = pairsOf(headers);
  if (pairs === null) return null;
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) return null;
    read.add(pair[0], pair[1]);
  }
  return read;
}

function pairsOf(headers) {
  if (!Array.isArray(headers)) return isIterable(headers) ? headers : Object.entries(headers);
  if (Array.isArray(headers[0])) return headers;
  if (headers.length % 2 !== 0) return null;
  return Array.from({ length: headers.length / 2 }, (_, i) => headers.slice(2 * i, 2 * i + 2));
}

/** As in undici, an iterator that a program put on Object.prototype does not count. */
function isIterable(headers) {
  if (typeof headers[Symbol.iterator] !== 'function') return false;
  const prototype = Object.getPrototypeOf(headers);
  return Object.hasOwn(headers, Symbol.iterator) || (prototype !== null && prototype !== Object.prototype);
}

class RequestHeaders {
  /** Lower case → as it was written. */
  #names = new Map();
  #values = Object.create(null);

  add(name, value) {
    // No header, as in undici.
    if (value === undefined) return;
    const lower = String(name).toLowerCase();
    const written = this.#names.get(lower);
    if (written === undefined) {
      this.#names.set(lower, String(name));
      this.#values[name] = value;
    } else {
      this.#values[written] = [].concat(this.#values[written], value);
    }
  }

  has(lower) {
    return this.#names.has(lower);
  }

  get(lower) {
    return this.#values[this.#names.get(lower)];
  }

  /**
   * An object, because undici's own interceptors can add headers to one. A header of `added`, whose name is in lower case, replaces
   * the request's own.
   * @param {Map<string, any>} added
   */
  with(added) {
    const headers = Object.assign(Object.create(null), this.#values);
    for (const [name, value] of added) {
      delete headers[this.#names.get(name)];
      headers[name] = value;
    }
    return headers;
  }
}

module.exports = { readHeaders };
