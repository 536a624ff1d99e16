'use strict';

// One sending of a request: undici's handler. A 401 is kept until it is known whose it is, and read meanwhile: the
// refresh may well need the connection that it came over.

/** What is kept of a 401's body before undici is told to wait. */
const KEPT = 64 * 1024;
/** How long the rest of a body that nobody wants may take, ms; then its connection is given up. */
const DRAIN = 1000;

class Sending {
  #relay;
  /** Calls for the caller's handler, [name, ...arguments], while it is not known whether they are for it. */
  #held = null;
  #size = 0;
  #released = false;
  #dropped = false;
  #ended = false;
  #timer;

  controller = null;
  /** What it was sent with. */
  authorised;

  constructor(relay, authorised) {
    this.#relay = relay;
    this.authorised = authorised;
  }

  // ── undici's handler ──

  onRequestStart(controller, context) {
    this.controller = controller;
    this.#relay.begun(this, context);
  }

  onResponseStarted() {
    if (this.#held === null && !this.#dropped) this.#relay.responseStarted();
  }

  onRequestUpgrade(_controller, status, headers, socket) {
    this.#relay.accepted(this);
    this.#pass('onRequestUpgrade', status, headers, socket);
  }

  onResponseStart(controller, status, headers, message) {
    this.controller = controller;
    if (status === 401 && this.#relay.rejected(this)) {
      this.#held = [];
      // A pause of the caller's is for the answer that it gets.
      controller.resume();
    } else if (status >= 200) {
      if (status !== 401) this.#relay.accepted(this);
      if (this.#relay.controller.paused) controller.pause();
    }
    this.#pass('onResponseStart', status, headers, message);
  }

  onResponseData(controller, chunk) {
    this.#pass('onResponseData', chunk);
    if (this.#held === null && !this.#dropped) return;
    this.#size += chunk.length;
    if (this.#size <= KEPT) return;
    if (this.#dropped) this.#abandon();
    else controller.pause();
  }

  onResponseEnd(_controller, trailers) {
    this.#end();
    this.#pass('onResponseEnd', trailers);
  }

  onResponseError(_controller, error) {
    this.#end();
    this.#pass('onResponseError', error);
  }

  // ── the caller's controller ──

  pause() {
    if (this.#held === null && !this.#dropped) this.controller?.pause();
  }

  resume() {
    if (this.#held === null) this.controller?.resume();
    else if (this.#released) this.#flush();
  }

  // ── what becomes of a 401 ──

  /** It is the caller's. */
  release() {
    this.#released = true;
    this.#flush({ begin: true });
  }

  /** Nobody wants it. What is left of it is read, so that its connection can be used again. */
  drop() {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#held = null;
    if (this.#ended) return;
    if (this.#size > KEPT) return this.#abandon();
    this.#timer = setTimeout(() => this.#abandon(), DRAIN);
    this.#timer.unref();
  }

  /** A handler that has paused gets no data, but it gets the head: it may have paused at a 1xx. */
  #flush({ begin = false } = {}) {
    try {
      for (; this.#held?.length > 0; begin = false) {
        if (this.#relay.controller.paused && !begin) return;
        this.#relay.tell(...this.#held.shift());
      }
    } catch (error) {
      return this.#broke(error);
    }
    this.#held = null;
    if (this.#ended) return;
    if (this.#relay.controller.paused) this.controller.pause();
    else this.controller.resume();
  }

  /** What undici does if a handler throws in a call of undici's. */
  #broke(error) {
    this.#held = [];
    if (!this.#ended) this.controller.abort(error);
    this.#relay.fail(error);
  }

  #pass(name, ...args) {
    if (this.#dropped) return;
    if (this.#held === null) this.#relay.tell(name, ...args);
    else this.#held.push([name, ...args]);
  }

  #end() {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #abandon() {
    this.#end();
    this.controller.abort(new Error('the rest of an answer to a rejected token is not needed'));
  }
}

module.exports = { Sending };
