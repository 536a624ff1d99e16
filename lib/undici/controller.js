'use strict';

// The controller that the caller's handler gets. All sendings of a request share one object, because a handler keeps the first that it
// gets. With a controller for each sending, such a handler would pause or abort nothing after a replay.

class Controller {
  /** @type {import('./relay.js').Relay} */
  #relay;
  #paused = false;

  /** @param {import('./relay.js').Relay} relay */
  constructor(relay) {
    this.#relay = relay;
  }

  pause() {
    this.#paused = true;
    this.#relay.sending?.pause();
  }

  resume() {
    this.#paused = false;
    this.#relay.sending?.resume();
  }

  abort(reason) {
    this.#relay.abort(reason);
  }

  get paused() {
    return this.#paused;
  }

  get aborted() {
    return this.#relay.aborted;
  }

  get reason() {
    return this.#relay.reason;
  }

  // undici keeps here what came over the wire, and its interceptors change it.

  get rawHeaders() {
    return this.#current?.rawHeaders ?? null;
  }

  set rawHeaders(value) {
    if (this.#current) this.#current.rawHeaders = value;
  }

  get rawTrailers() {
    return this.#current?.rawTrailers ?? null;
  }

  set rawTrailers(value) {
    if (this.#current) this.#current.rawTrailers = value;
  }

  /** undici's controller of the sending under way. */
  get #current() {
    return this.#relay.sending?.controller;
  }
}

module.exports = { Controller };
