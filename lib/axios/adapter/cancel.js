'use strict';

// Makes one signal of `signal` and `cancelToken`. `AbortSignal.any` would refuse signals of polyfills.

const { isReason, reasonOf, unwatch, watch } = require('../../crossing/abort.js');
const { own } = require('../../options/check.js');
const { Failure } = require('../failure.js');

class Cancel {
  /** Undefined if nothing can cancel the request. */
  signal;
  #token;
  #given;
  #abort;
  #leave;

  constructor(config) {
    this.signal = own(config, 'signal') || undefined;
    this.#token = own(config, 'cancelToken') || undefined;
    if (this.#token === undefined) return;
    const controller = new AbortController();
    this.#abort = (reason) => controller.abort(reason);
    this.#token.subscribe(this.#abort);
    this.#given = this.signal;
    this.#leave = () => controller.abort(reasonOf(this.#given));
    this.signal = controller.signal;
    if (this.#given) watch(this.#given, this.#leave);
    if (this.#given?.aborted) this.#leave();
  }

  /** axios' error if the request was cancelled, else `error`. */
  read(error) {
    if (!isReason(error, this.signal)) return error;
    return this.#token?.reason ?? new Failure('ERR_CANCELED', 'canceled', { sent: true });
  }

  /** Stops listening when the request is over: when `data` is closed, if that is a stream. */
  release(data) {
    if (this.#token === undefined) return;
    const unsubscribe = () => {
      this.#token.unsubscribe(this.#abort);
      if (this.#given) unwatch(this.#given, this.#leave);
    };
    if (typeof data?.once === 'function') data.once('close', unsubscribe);
    else unsubscribe();
  }
}

exports.Cancel = Cancel;
