'use strict';

// A session of the addon's client. Rust knows it by a number, and forgets it when the object that has the number is
// collected. An object of the addon for each session would cost three times as much, and every collection of garbage
// would visit it.

const { Client } = require('../../native');

class NativeClient extends Client {
  /** @type {FinalizationRegistry<number>} */
  #collected = new FinalizationRegistry((number) => this.forget(number));

  /** @param {string} key */
  open(key) {
    const number = this.session(key);
    const session = new NativeSession(this, number);
    this.#collected.register(session, number);
    return session;
  }
}

/** A caller that passes `number` to `client` holds this object, so that the number is not another session's by then. */
class NativeSession {
  // Declared, as in `errors.js`.
  /** @type {NativeClient} */
  client;
  /** @type {number} */
  number;

  /** @param {NativeClient} client @param {number} number */
  constructor(client, number) {
    this.client = client;
    this.number = number;
  }
}

exports.NativeClient = NativeClient;
exports.NativeSession = NativeSession;
