'use strict';

// Makes one signal of `signal` and `cancelToken`.

const { own } = require('../own-property.js');
const { Failure } = require('./failure.js');

class Cancel {
  /** Undefined if nothing can cancel the request. */
  signal;
  #token;
  #abort;
  #stream;

  constructor(config) {
    this.signal = own(config, 'signal') || undefined;
    this.#token = own(config, 'cancelToken') || undefined;
    if (this.#token === undefined) return;
    const controller = new AbortController();
    this.#abort = (reason) => controller.abort(reason);
    this.#token.subscribe(this.#abort);
    this.signal = this.signal ? AbortSignal.any([this.signal, controller.signal]) : controller.signal;
  }

  /** axios' error if the request was cancelled, else `error`. */
  read(error) {
    if (!this.signal?.aborted || error !== this.signal.reason) return error;
    return this.#token?.reason ?? new Failure('ERR_CANCELED', 'canceled', { sent: true });
  }

  /** Keeps the answer's body cancellable until it ends. */
  until(stream) {
    this.#stream = stream;
    return stream;
  }

  /** Stops listening when the request is over, or when its streamed answer is closed. */
  release() {
    if (this.#token === undefined) return;
    const unsubscribe = () => this.#token.unsubscribe(this.#abort);
    if (this.#stream === undefined) unsubscribe();
    else this.#stream.once('close', unsubscribe);
  }
}

module.exports = { Cancel };
