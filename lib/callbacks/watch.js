'use strict';

// A register's `watch`, from the first wait for a change until the client is closed or collected. Nothing here refers to the client,
// because the user's database connection keeps `changed`, and a client that the program dropped must be collected all the same.

const { clearTimeout, setTimeout } = require('../clock.js');

/** Between two calls of `watch` if the first one fails, ms; twice as long after each further failure. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

const collected = new FinalizationRegistry((watch) => watch.close());

class Watch {
  #watch;
  #told;
  #failed;
  #pause = FIRST_PAUSE;
  #timer;
  /** Ends the watch that the user's function began last. */
  #end = () => {};
  /** Of that watch; those of earlier ones count no more. */
  #number = 0;

  /**
   * @param {object} owner  this watch ends when it is collected
   * @param {(changed: (session?: string) => void, lost: (error?: unknown) => void) => unknown} watch
   * @param {(watches: boolean, session?: string) => void} told  `watches`: false if changes may go unnoticed from now on
   * @param {(error: unknown) => void} failed  called once until the next success
   */
  constructor(owner, watch, told, failed) {
    this.#watch = watch;
    this.#told = told;
    this.#failed = failed;
    collected.register(owner, this);
    this.#begin();
  }

  close() {
    clearTimeout(this.#timer);
    this.#number = NaN;
    this.#stop();
  }

  #begin() {
    const number = (this.#number += 1);
    const ifCurrent = (work) => (argument) => {
      if (number === this.#number) work(argument);
    };
    const changed = ifCurrent((session) =>
      this.#told(true, typeof session === 'string' ? session : undefined),
    );
    const lost = ifCurrent((error) => this.#lost(error));
    new Promise((resolve) => resolve(this.#watch(changed, lost)))
      .then((end) => {
        if (typeof end !== 'function')
          throw new TypeError('store.watch must resolve to a function that ends it');
        if (number !== this.#number) return ended(end);
        this.#end = end;
        this.#pause = FIRST_PAUSE;
        // A write before this moment may have gone unnoticed.
        changed();
      })
      .catch(lost);
  }

  #lost(error) {
    this.#number += 1;
    this.#stop();
    this.#told(false);
    if (this.#pause === FIRST_PAUSE) this.#failed(error);
    this.#timer = setTimeout(() => this.#begin(), this.#pause).unref();
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }

  #stop() {
    const end = this.#end;
    this.#end = () => {};
    ended(end);
  }
}

/** An error of it is nothing that anybody could act on. */
function ended(end) {
  new Promise((resolve) => resolve(end())).catch(() => {});
}

exports.Watch = Watch;
