'use strict';

const { isBelow } = require('./wire.js');

/** The paths that refuse every token, and the OAuth error that each one names. */
class Forbidden {
  /** @type {{ path: string, error?: string }[]} */
  #rules = [];

  add(path, { error } = /** @type {{ error?: string }} */ ({})) {
    if (typeof path !== 'string' || !isBelow(path, '/api')) throw new TypeError('path must be under /api');
    const rule = { path, error };
    this.#rules.push(rule);
    return { cancel: () => void (this.#rules = this.#rules.filter((it) => it !== rule)) };
  }

  clear() {
    this.#rules = [];
  }

  /** The challenge of a path; undefined if it takes tokens. */
  challenge(pathname) {
    const found = this.#rules.find((it) => isBelow(pathname, it.path));
    if (found === undefined) return undefined;
    return { 'www-authenticate': found.error === undefined ? 'Bearer' : `Bearer error="${found.error}"` };
  }
}

module.exports = { Forbidden };
