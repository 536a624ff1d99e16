'use strict';

// The token in requests by way of a function of the program's own, which may put it anywhere.

class AppliedToken {
  #apply;
  /** Names of the headers that it was last put into. */
  names = [];

  constructor(apply) {
    this.#apply = apply;
  }

  // Nothing that a request brings is known to be the token, or not to be.

  isForeign() {
    return false;
  }

  isOurs() {
    return false;
  }

  token() {
    return undefined;
  }

  /** Gives the names of the headers that it is in. */
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

module.exports = { AppliedToken };
