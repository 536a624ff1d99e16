'use strict';

// A response body that was too large, or too slow, to come with the response: read from Rust part by part, or collected
// there. Either is possible, once.

const { unwatch, watch } = require('../crossing/abort.js');
const { revive } = require('../crossing/native-errors.js');

/** Bodies that nobody read: their signals need not remember them. */
const collected = new FinalizationRegistry(({ signal, abort }) => unwatch(signal, abort));

class StreamedBody {
  #native;
  #signal;
  #asThrown;
  #abort;
  #stream;
  #whole;
  #controller;

  /**
   * `signal` aborts the body as it would have aborted the request; undefined for none. `asThrown` makes of an error of ours
   * what readers get.
   */
  constructor(native, signal, asThrown = (error) => error) {
    this.#native = native;
    this.#asThrown = asThrown;
    if (signal === undefined) return;
    this.#signal = signal;
    // Weak, or a signal that lives as long as the program would keep every body.
    const self = new WeakRef(this);
    this.#abort = () => self.deref()?.#aborted();
    watch(signal, this.#abort);
    collected.register(this, { signal, abort: this.#abort }, this);
  }

  /** Whether the stream was asked for: then nothing can be collected any more. */
  get streaming() {
    return this.#stream !== undefined;
  }

  get stream() {
    // A byte stream, as fetch's. Nothing is read before somebody asks.
    this.#stream ??= new ReadableStream(
      {
        type: 'bytes',
        start: (controller) => {
          this.#controller = controller;
          if (this.#signal?.aborted) controller.error(this.#signal.reason);
        },
        pull: () => this.#pull(),
        cancel: () => {
          this.#native.cancel();
          this.#settle();
        },
      },
      { highWaterMark: 0 },
    );
    return this.#stream;
  }

  /** All of it: a string if it is pure ASCII, a Buffer, or null if it is empty. The same promise each time. */
  collect() {
    this.#whole ??= this.#collect();
    return this.#whole;
  }

  get collecting() {
    return this.#whole !== undefined;
  }

  async #pull() {
    try {
      const chunk = await this.#native.read();
      if (this.#signal?.aborted) throw this.#signal.reason;
      if (chunk !== null) return this.#controller.enqueue(chunk);
      this.#settle();
      this.#controller.close();
      // A reader that brought a buffer of its own gets it back.
      this.#controller.byobRequest?.respond(0);
    } catch (error) {
      this.#settle();
      throw this.#dressed(error);
    }
  }

  async #collect() {
    try {
      if (this.#signal?.aborted) throw this.#signal.reason;
      return await this.#native.collect();
    } catch (error) {
      throw this.#dressed(error);
    } finally {
      this.#settle();
    }
  }

  #aborted() {
    this.#native.cancel();
    this.#settle();
    // Does nothing to a stream that is closed or has failed.
    this.#controller?.error(this.#signal.reason);
  }

  #dressed(error) {
    if (error?.[0] === 'ERR_ABORTED' && this.#signal?.aborted) return this.#signal.reason;
    return this.#asThrown(revive(error));
  }

  #settle() {
    if (this.#signal === undefined) return;
    unwatch(this.#signal, this.#abort);
    collected.unregister(this);
  }
}

module.exports = { StreamedBody };
