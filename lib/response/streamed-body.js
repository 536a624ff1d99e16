'use strict';

// A response body that was too large, or too slow, to come with its response. It is read from Rust part by part, or
// collected in Rust; one of the two, once. Loaded late, so that `errorFromNative`, whose file has a state, is handed in: after jest's
// `resetModules` it would be another copy's here.

const { reasonOf, unwatch, watch } = require('../crossing/abort.js');
const { isAborted } = require('../crossing/native-errors.js');

/** When a body is collected that nobody read to its end, its signal need not remember it. */
const collected = new FinalizationRegistry(({ signal, abort }) => unwatch(signal, abort));

class StreamedBody {
  /** @type {import('../../native').Download} */
  #native;
  /** @type {AbortSignal | undefined} */
  #signal;
  #asThrown;
  #abort;
  /** @type {ReadableStream | undefined} */
  #stream;
  /** @type {ReturnType<import('../../native').Download['collect']> | undefined} */
  #whole;
  /** @type {import('node:stream/web').ReadableByteStreamController | undefined} */
  #controller;

  /**
   * @param {import('../../native').Download} native
   * @param {AbortSignal | undefined} signal  aborts the body as it would have aborted the request
   * @param {(raw: unknown) => unknown} asThrown  makes the error that readers get of one that crosses
   */
  constructor(native, signal, asThrown) {
    this.#native = native;
    this.#asThrown = asThrown;
    if (signal === undefined) return;
    this.#signal = signal;
    // Weak, because a signal that lives as long as the program would keep every body.
    const reference = new WeakRef(this);
    this.#abort = () => {
      const body = reference.deref();
      if (body !== undefined) body.#aborted();
    };
    watch(signal, this.#abort);
    collected.register(this, { signal, abort: this.#abort }, this);
  }

  /** True if somebody asked for the stream, so that nothing can be collected any more. */
  get streaming() {
    return this.#stream !== undefined;
  }

  get stream() {
    // A byte stream, as in fetch. Nothing is read before somebody asks.
    this.#stream ??= new ReadableStream(
      {
        type: 'bytes',
        start: (controller) => {
          this.#controller = controller;
          if (this.#signal?.aborted) controller.error(reasonOf(this.#signal));
        },
        pull: (controller) => this.#pull(controller),
        cancel: () => {
          this.#native.cancel();
          this.#settle();
        },
      },
      { highWaterMark: 0 },
    );
    return this.#stream;
  }

  /** The whole body, as in `NativeAnswer`. The same promise each time. */
  collect() {
    this.#whole ??= this.#collect();
    return this.#whole;
  }

  get collecting() {
    return this.#whole !== undefined;
  }

  async #pull(controller) {
    try {
      const chunk = await this.#native.read();
      if (this.#signal?.aborted) throw reasonOf(this.#signal);
      if (chunk !== null) return controller.enqueue(chunk);
      this.#settle();
      controller.close();
      // A reader that brought a buffer of its own gets it back.
      controller.byobRequest?.respond(0);
    } catch (error) {
      this.#settle();
      throw this.#errorOf(error);
    }
  }

  async #collect() {
    try {
      if (this.#signal?.aborted) throw reasonOf(this.#signal);
      return await this.#native.collect();
    } catch (error) {
      throw this.#errorOf(error);
    } finally {
      this.#settle();
    }
  }

  #aborted() {
    this.#native.cancel();
    this.#settle();
    // Without effect on a stream that is closed or has failed.
    this.#controller?.error(reasonOf(this.#signal));
  }

  #errorOf(error) {
    if (isAborted(error) && this.#signal?.aborted) return reasonOf(this.#signal);
    return this.#asThrown(error);
  }

  #settle() {
    if (this.#signal === undefined) return;
    unwatch(this.#signal, this.#abort);
    collected.unregister(this);
  }
}

exports.StreamedBody = StreamedBody;
