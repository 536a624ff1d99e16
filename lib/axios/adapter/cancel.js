'use strict';

// Makes one signal of `signal` and `cancelToken`.

const { own } = require('../../options/check.js');
const { Failure } = require('../failure.js');

class Cancel {
  /** Undefined if nothing can cancel the request. */
  signal;
  #token;
  #abort;

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

  /** Stops listening when the request is over: when `data` is closed, if that is a stream. */
  release(data) {
    if (this.#token === undefined) return;
    const unsubscribe = () => this.#token.unsubscribe(this.#abort);
    if (typeof data?.once === 'function') data.once('close', unsubscribe);
    else unsubscribe();
  }
}

exports.Cancel = Cancel;
