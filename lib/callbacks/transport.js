'use strict';

// Sends requests through the user's own transport.

const { describeFault, lengthOf, linesOf, toSent } = require('../transport.js');

/** @import { Callbacks } from './callbacks.js' */

class Transport {
  #all;
  /** Of the calls that are under way, by number. @type {Map<number, AbortController>} */
  #aborts = new Map();

  /** @param {Callbacks} all */
  constructor(all) {
    this.#all = all;
  }

  async send(environment, number, method, url, lines, body, session, epoch, request) {
    const { crossing, user } = this.#all;
    const abort = new AbortController();
    this.#aborts.set(number, abort);
    try {
      const sent = toSent(method, url, lines, body, abort.signal);
      const came = await this.#all.within({ session, epoch, request }, () => user.transport(sent));
      const stream = came.body && { first: came.body, again: undefined, length: lengthOf(came) };
      const source = stream ? crossing.uploads().announce(stream, undefined) : undefined;
      const taken = environment.replyAnswer(number, came.status, came.reason, linesOf(came), source);
      if (!taken && source !== undefined) crossing.uploads().withdraw(source.number);
    } catch (error) {
      const { kind, cause, said } = describeFault(error);
      environment.replyFailed(number, kind, undefined, crossing.keep(cause), said);
    } finally {
      this.#aborts.delete(number);
    }
  }

  /** Rust does not wait any more for the call of `send` with the number `sent`. */
  abortSend(_environment, _number, sent) {
    this.#aborts.get(sent)?.abort();
    this.#aborts.delete(sent);
  }
}

exports.Transport = Transport;
