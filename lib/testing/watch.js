'use strict';

const { clearTimeout, setTimeout } = require('../clock.js');

/** Promises for "the ledger says so": asked again after every change, so that tests need not sleep. */
class Watch {
  #waiting = new Set();
  #ledger;

  constructor(ledger) {
    this.#ledger = ledger;
  }

  until(predicate, timeout) {
    return new Promise((resolve, reject) => {
      const wait = { predicate, resolve, reject };
      wait.timer = setTimeout(() => {
        this.#waiting.delete(wait);
        reject(new Error(`waitFor: not within ${timeout} ms`));
      }, timeout);
      this.#waiting.add(wait);
      this.#ask(wait);
    });
  }

  changed() {
    for (const wait of this.#waiting) this.#ask(wait);
  }

  end() {
    for (const wait of this.#waiting)
      this.#settle(wait, () => wait.reject(new Error('waitFor: the server was closed')));
  }

  #ask(wait) {
    try {
      const found = wait.predicate(this.#ledger);
      if (found) this.#settle(wait, () => wait.resolve(found));
    } catch (error) {
      this.#settle(wait, () => wait.reject(error));
    }
  }

  #settle(wait, settle) {
    this.#waiting.delete(wait);
    clearTimeout(wait.timer);
    settle();
  }
}

module.exports = { Watch };
