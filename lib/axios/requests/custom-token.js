'use strict';

// Puts the token into requests with a function of the program's, which may put it anywhere.

class CustomToken {
  #apply;
  /** The headers that the function set last. */
  names = [];

  constructor(apply) {
    this.#apply = apply;
  }

  // A header of a request may hold the token or not: nobody but the function knows.

  isForeign() {
    return false;
  }

  isOurs() {
    return false;
  }

  token() {
    return undefined;
  }

  /** Returns the names of the headers that the function sets. */
  attach(config, token) {
    const before = valuesOf(config.headers);
    this.#apply(config, token);
    const after = valuesOf(config.headers);
    this.names = Object.keys(after).filter((name) => after[name] !== before[name]);
    return this.names;
  }

  withdraw() {}

  detach() {}
}

function valuesOf(headers) {
  return { ...(typeof headers?.toJSON === 'function' ? headers.toJSON() : headers) };
}

module.exports = { CustomToken };
