'use strict';

const { RefreshTimeoutError } = require('./errors.js');

/** One call of the program's refresh function. That it takes too long is decided once and told once. */
class RefreshCall {
  /** The error of those who waited. */
  late;
  /** Being late ended the session. */
  isOver = false;
  /** Resolves when what came of the call has been told. */
  told;
  end;
  #isTerminal;
  #tell;
  #giveUp;

  constructor(isTerminal, tell) {
    this.#isTerminal = isTerminal;
    this.#tell = tell;
    this.told = new Promise((resolve) => (this.end = resolve));
  }

  /** What `work` comes to, however late, unless being late ends the session. */
  async run(work, timeout) {
    const late = new Promise((_resolve, reject) => (this.#giveUp = reject));
    const timer = setTimeout(() => this.tooLate(), timeout);
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
    if (this.isOver) this.#giveUp(this.late);
    else this.#tell(this.late);
  }
}

module.exports = { RefreshCall };
