'use strict';

const { clearTimeout, setTimeout } = require('../clock.js');

/** Every wait of the server: timed ones, and those a `hang` fault holds until they are released. */
class Patience {
  #timers = new Set();
  #held = new Set();
  #onHold;
  isOver = false;

  constructor(onHold) {
    this.#onHold = onHold;
  }

  get held() {
    return this.#held.size;
  }

  /** Waits for `time`: milliseconds, or a range to choose from. Undefined when there is nothing to wait for. */
  pause(time) {
    const ms = Array.isArray(time) ? time[0] + Math.random() * (time[1] - time[0]) : time;
    if (ms <= 0) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve(undefined);
      }, ms);
      this.#timers.add(timer);
    });
  }

  hold() {
    return new Promise((resolve) => {
      this.#held.add(resolve);
      this.#onHold();
    });
  }

  /** Lets the held ones go on, and says how many. */
  release() {
    const released = [...this.#held];
    this.#held.clear();
    for (const resolve of released) resolve();
    return released.length;
  }

  /** Drops all waits. A request that waited never goes on, because its socket is gone. */
  end() {
    this.isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#held.clear();
  }
}

module.exports = { Patience };
