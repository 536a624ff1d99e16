'use strict';

// A session of the addon's client. Rust knows it by a number, and forgets it when the object that has the number is
// collected. An object of the addon for each session would cost three times as much, and every collection of garbage
// would visit it.

const { Client } = require('../../native');

/** A client of the addon. */
class NativeClient {
  // Declared, as in `errors.js`.
  native;
  /** @type {FinalizationRegistry<number>} */
  #collected;

  /**
   * @param {import('../../native').Environment} environment
   * @param {number} number  the one that `dispatch.js` gave the callbacks
   * @param {import('../../native').Settings} settings
   */
  constructor(environment, number, settings) {
    this.native = new Client(environment, number, settings);
    this.#collected = new FinalizationRegistry((session) => this.native.forget(session));
  }

  /** @param {string} key */
  session(key) {
    const number = this.native.session(key);
    const session = new NativeSession(this, number);
    this.#collected.register(session, number);
    return session;
  }
}

/** A caller of a session holds this object, so that the number is not another session's by then. */
class NativeSession {
  /** @type {NativeClient} */
  #client;
  /** @type {number} */
  #number;

  /** @param {NativeClient} client @param {number} number */
  constructor(client, number) {
    this.#client = client;
    this.#number = number;
  }

  /** The same client as another session. */
  session(key) {
    return this.#client.session(key);
  }

  /** Not with a rest parameter, whose array each request would pay for. */
  send(url, method, flags) {
    return this.#client.native.send(this.#number, url, method, flags);
  }

  sendWith(url, method, flags, query, headers, body, timeout, number, retry) {
    const { native } = this.#client;
    return native.send(this.#number, url, method, flags, query, headers, body, timeout, number, retry);
  }

  accessToken() {
    return this.#client.native.accessToken(this.#number);
  }

  tokens() {
    return this.#client.native.tokens(this.#number);
  }

  setTokens(tokens) {
    return this.#client.native.setTokens(this.#number, tokens);
  }

  rotate(rejected) {
    return this.#client.native.rotate(this.#number, rejected);
  }

  authorise(epoch) {
    return this.#client.native.authorise(this.#number, epoch);
  }

  rejected(epoch, generation) {
    return this.#client.native.rejected(this.#number, epoch, generation);
  }

  accepted(epoch, generation) {
    this.#client.native.accepted(this.#number, epoch, generation);
  }

  epoch() {
    return this.#client.native.epoch(this.#number);
  }

  now() {
    return this.#client.native.now(this.#number);
  }

  login(tokens) {
    this.#client.native.login(this.#number, tokens);
  }

  trusts(url) {
    return this.#client.native.trusts(this.#number, url);
  }

  /** @param {import('../../native').NativeExchange} exchange */
  nextHop(exchange) {
    return this.#client.native.nextHop(this.#number, exchange);
  }

  stats() {
    return this.#client.native.stats();
  }

  close() {
    return this.#client.native.close(this.#number);
  }
}

exports.NativeClient = NativeClient;
exports.NativeSession = NativeSession;
