'use strict';

// A request's headers in any of the forms that undici takes, read once: an iterator gives them only once, and a request
// may have to be sent three times.

/** Null for what undici will refuse. */
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

/** As undici has it: not for an iterator that somebody put on Object.prototype. */
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
    // An absent header, to undici as well.
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

  /** An object, which is what undici's own interceptors add to without harm. */
  with(name, value) {
    return Object.assign(Object.create(null), this.#values, { [name]: value });
  }
}

module.exports = { readHeaders };
