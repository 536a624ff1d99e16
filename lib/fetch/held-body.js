'use strict';

// The body of an answer that came with it. The other kind is `streamed-body.js`.

const { bytesOf } = require('../response/response.js');

/** Nothing is read before somebody asks. */
const LAZILY = Object.freeze({ highWaterMark: 0 });

class HeldBody {
  type = 'bytes';
  #body;
  #signal;

  /** `body`: a string of pure ASCII, a Buffer, or null. Once `signal` is aborted, it is not given out any more. */
  constructor(body, signal) {
    this.#body = body;
    this.#signal = signal;
  }

  /** A new one each time. */
  get stream() {
    return new ReadableStream(this, LAZILY);
  }

  collect() {
    if (this.#signal?.aborted) throw this.#signal.reason;
    return this.#body;
  }

  /** Another like it, for a clone. */
  another() {
    return new HeldBody(this.#body, this.#signal);
  }

  // The rest makes it a stream's source.

  pull(controller) {
    const body = this.collect();
    // A copy: what the reader does with it must not show in a clone.
    if (body !== null) controller.enqueue(bytesOf(body));
    controller.close();
    // A reader that brought a buffer of its own gets it back.
    controller.byobRequest?.respond(0);
  }
}

module.exports = { HeldBody };
