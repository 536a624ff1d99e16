'use strict';

// The requests that wait for one rotation.

class Round {
  /** The 401 that began it. */
  error;
  #waiting = 0;
  #rest;

  constructor(error) {
    this.error = error;
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
