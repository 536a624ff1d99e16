'use strict';

// What the caller's handler holds to steer its request with: one object for all of its sendings. It acts on the one
// that is under way, and on the request where none is.

class Controller {
  #relay;
  #paused = false;

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

  // undici keeps what came over the wire here, and its interceptors change it.

  get rawHeaders() {
    return this.#target?.rawHeaders ?? null;
  }

  set rawHeaders(value) {
    if (this.#target) this.#target.rawHeaders = value;
  }

  get rawTrailers() {
    return this.#target?.rawTrailers ?? null;
  }

  set rawTrailers(value) {
    if (this.#target) this.#target.rawTrailers = value;
  }

  get #target() {
    return this.#relay.sending?.controller;
  }
}

module.exports = { Controller };
