'use strict';

// The requests that wait for one rotation: those that were rejected with one token.

class Round {
  /** The 401 that began it. */
  error;
  /** What comes of it, for all of them. */
  outcome;
  #epoch;
  #generation;
  #waiting = 0;
  #rest;

  constructor({ epoch, generation }, error) {
    this.#epoch = epoch;
    this.#generation = generation;
    this.error = error;
  }

  isOf({ epoch, generation }) {
    return epoch === this.#epoch && generation === this.#generation;
  }

  /** True for the first. */
  enter() {
    this.#waiting += 1;
    return this.#waiting === 1 && this.#rest === undefined;
  }

  leave() {
    this.#waiting -= 1;
    if (this.#waiting === 1) this.#rest?.();
  }

  /** Until the others have gone on. */
  async rest() {
    if (this.#waiting > 1) await new Promise((resolve) => (this.#rest = resolve));
    await new Promise(setImmediate);
  }
}

module.exports = { Round };
