'use strict';

// Puts the token into requests with a function of the program's, which may put it anywhere. Only that function knows if a
// header of a request holds the token.

class CustomToken {
  #apply;
  /** The headers that the function set last. @type {string[]} */
  names = [];

  /** @param {(config: any, token: string) => void} apply */
  constructor(apply) {
    this.#apply = apply;
  }

  isForeign() {
    return false;
  }

  isOurs() {
    return false;
  }

  /** Returns the names of the headers that the function sets. */
  attach(config, token) {
    const before = valuesOf(config.headers);
    this.#apply(config, token);
    const after = valuesOf(config.headers);
    this.names = Object.keys(after).filter((name) => after[name] !== before[name]);
    return this.names;
  }

  detach() {}

  withdraw() {}
}

function valuesOf(headers) {
  return { ...(typeof headers?.toJSON === 'function' ? headers.toJSON() : headers) };
}

exports.CustomToken = CustomToken;
