'use strict';

// One sending of a request, as undici's handler. A 401 is kept until it is known whether the caller gets it. Its body is read
// meanwhile, because the refresh may need the same connection.

const { clearTimeout, setTimeout } = require('../clock.js');

/** How much of a 401's body is kept before undici has to wait, bytes. */
const KEPT = 64 * 1024;
/** How long reading the rest of a dropped body may take, ms. Then its connection is closed. */
const DRAIN = 1000;

class Sending {
  /** @type {import('./relay.js').Relay} */
  #relay;
  /** Calls of the caller's handler, as long as it is not known whether it gets them. @type {[name: string, ...any[]][] | null} */
  #held = null;
  #size = 0;
  #released = false;
  #dropped = false;
  #ended = false;
  #timer;

  /** undici's. @type {any} */
  controller = null;

  /**
   * @param {import('./relay.js').Relay} relay
   * @param {import('../external/authoriser.js').Credential} authorised  whose auth header it carries
   */
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
    if (status >= 200) this.#relay.gotHead(status);
    if (status === 401 && this.#relay.rejected(this, headers)) {
      this.#held = [];
      // If the caller has paused, it meant the answer that it gets.
      controller.resume();
    } else if (status >= 200) {
      if (status !== 401) this.#relay.answered(this, headers);
      // A failing server, or a gateway before it, may not have looked at the token.
      if (status !== 401 && status < 500) this.#relay.accepted(this);
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

  // ── the end of a 401 that was kept ──

  /** The caller gets it. */
  release() {
    this.#released = true;
    this.#flush({ begin: true });
  }

  /** The request is sent again. The rest of this answer is read, so that its connection can be used again. */
  drop() {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#held = null;
    if (this.#ended) return;
    if (this.#size > KEPT) return this.#abandon();
    this.#timer = setTimeout(() => this.#abandon(), DRAIN);
    this.#timer.unref();
  }

  /** A handler that has paused gets no data, but it gets the head, because it may have paused at a 1xx. */
  #flush({ begin = false } = {}) {
    try {
      for (let call; (call = this.#held?.[0]) !== undefined; begin = false) {
        if (this.#relay.controller.paused && !begin) return;
        this.#held?.shift();
        this.#relay.tell(...call);
      }
    } catch (error) {
      return this.#broke(error);
    }
    this.#held = null;
    if (this.#ended) return;
    if (this.#relay.controller.paused) this.controller.pause();
    else this.controller.resume();
  }

  /** A handler threw. Does the same as undici does after such an error. */
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

exports.Sending = Sending;
