'use strict';

const { RefreshTimeoutError } = require('./losses.js');

/** One call of the program's refresh function. That it takes too long is decided once and told once. */
class RefreshCall {
  /** The error of those who waited. */
  late;
  /** Being late ended the session. */
  isOver = false;
  #isTerminal;
  #tell;

  constructor(isTerminal, tell) {
    this.#isTerminal = isTerminal;
    this.#tell = tell;
  }

  /** What `work` comes to, however late, unless being late ends the session. */
  async run(work, timeout) {
    let timer;
    const late = new Promise((_resolve, reject) => {
      timer = setTimeout(() => {
        this.tooLate();
        if (this.isOver) reject(this.late);
      }, timeout);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  tooLate() {
    if (this.late !== undefined) return;
    this.late = new RefreshTimeoutError();
    this.isOver = this.#isTerminal(this.late);
    if (!this.isOver) this.#tell(this.late);
  }
}

module.exports = { RefreshCall };
