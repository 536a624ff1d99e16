'use strict';

const { AsyncLocalStorage } = require('node:async_hooks');

/**
 * Knows calls that come from within a callback that a rotation waits for: what they wait for must not be that rotation.
 */
class Inside {
  #storage;
  #running = 0;

  async run(work) {
    this.#storage ??= new AsyncLocalStorage();
    this.#running += 1;
    const call = { isOver: false };
    try {
      return await this.#storage.run(call, work);
    } finally {
      // A socket or a timer that it leaves behind is not part of it any more, whatever rotation is under way by then.
      call.isOver = true;
      this.#running -= 1;
      // Following promises around costs all of them something.
      if (this.#running === 0) this.#storage.disable();
    }
  }

  get is() {
    return this.#storage?.getStore()?.isOver === false;
  }
}

module.exports = { Inside };
