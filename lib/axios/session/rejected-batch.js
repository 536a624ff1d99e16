'use strict';

const { setImmediate } = require('../../clock.js');

/** The requests that were rejected with one token, and that one question to the engine answers. */
class RejectedBatch {
  /** The rejection that came first. */
  error;
  /** The promise of the answer, for all of them. */
  outcome;
  #credential;
  #size = 0;
  #onAlone;

  /** `to`: the endpoint of the first request. */
  constructor(credential, to, error) {
    this.#credential = credential;
    this.to = to;
    this.error = error;
  }

  isOf({ epoch, generation }) {
    return epoch === this.#credential.epoch && generation === this.#credential.generation;
  }

  /** True for the first request. */
  enter() {
    this.#size += 1;
    return this.#size === 1 && this.outcome === undefined;
  }

  leave() {
    this.#size -= 1;
    if (this.#size === 1) this.#onAlone?.();
  }

  /** Resolves when all other requests have gone on. */
  async others() {
    if (this.#size > 1) await new Promise((resolve) => (this.#onAlone = resolve));
    await new Promise(setImmediate);
  }
}

exports.RejectedBatch = RejectedBatch;
