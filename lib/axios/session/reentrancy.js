'use strict';

const { AsyncLocalStorage } = require('node:async_hooks');

/** Tells which calls come from a callback that a rotation waits for, because they must not wait for that rotation. */
class CallbackScope {
  #storage;
  #running = 0;

  async run(work) {
    this.#storage ??= new AsyncLocalStorage();
    this.#running += 1;
    const call = { isOver: false };
    try {
      return await this.#storage.run(call, work);
    } finally {
      // A socket or a timer that the callback leaves behind is outside, whatever rotation is under way by then.
      call.isOver = true;
      this.#running -= 1;
      // An enabled storage costs time for every promise of the program.
      if (this.#running === 0) this.#storage.disable();
    }
  }

  get isActive() {
    return this.#storage?.getStore()?.isOver === false;
  }
}

module.exports = { CallbackScope };
