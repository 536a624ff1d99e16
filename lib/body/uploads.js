'use strict';

// Request bodies that are read while they are sent. A request announces its source under a number. Rust says when to open
// the source, when there is room for more of it, and when the rest is not needed. Loaded with the first such body: see `uploads`
// of `crossing/environment.js`.

const { AsyncLocalStorage } = require('node:async_hooks');
const { invalidOption } = require('../errors.js');
const streams = require('./streams.js');
const { reasonOf } = require('../crossing/abort.js');
const { Table } = require('../crossing/table.js');

/**
 * @typedef {import('./read.js').Source} Source
 * @typedef {Pick<typeof import('../crossing/native-errors.js'), 'forget' | 'keep'>} KeptErrors
 * @typedef {{ source: Source, signal: AbortSignal | undefined, enter: <T>(work: () => T) => T }} Announced
 *   `enter` calls a function in the context of the request's caller, which Rust does not know
 */

/** Those of one environment. */
class Uploads {
  #environment;
  #errors;
  /** Of requests that have not settled. */
  #announced = /** @type {Table<Announced>} */ (new Table());
  /** By Rust's numbers: those that were opened and have not ended. @type {Map<number, Upload>} */
  #open = new Map();

  /** @param {import('../../native').Environment} environment @param {KeptErrors} errors  of the same copy of the package */
  constructor(environment, errors) {
    this.#environment = environment;
    this.#errors = errors;
  }

  /**
   * @param {Source} source
   * @param {AbortSignal | undefined} signal  whose reason the stream is cancelled with
   * @returns {import('../../native').NativeSource} what stands for it in Rust
   */
  announce(source, signal) {
    if (source.first !== undefined) streams.expect(source.first);
    const { again, length } = source;
    const number = this.#announced.add({ source, signal, enter: AsyncLocalStorage.snapshot() });
    return { number, length, replayable: again !== undefined };
  }

  /** The request has settled: its source is not opened any more, and a stream that was never opened is let go. @param {number} number */
  withdraw(number) {
    const entry = this.#announced.get(number);
    this.#announced.delete(number);
    if (entry?.source.first !== undefined) streams.discard(entry.source.first, reasonOf(entry.signal));
  }

  /** @param {number} number  of the source @param {number} upload  of this reading of it */
  async open(number, upload) {
    const entry = this.#announced.get(number);
    // It was withdrawn meanwhile; Rust has stopped this upload, or is about to.
    if (entry === undefined) return;
    const { source, enter } = entry;
    // It cannot be opened twice. The body of an answer is never withdrawn.
    if (source.again === undefined) this.#announced.delete(number);
    const opened = new Upload((bytes) => this.#environment.feedUpload(upload, bytes), entry);
    this.#open.set(upload, opened);
    try {
      await enter(() => opened.run(source));
      this.#environment.endUpload(upload);
    } catch (error) {
      const kept = this.#errors.keep(error);
      if (!this.#environment.endUpload(upload, kept)) this.#errors.forget(kept);
    } finally {
      this.#open.delete(upload);
    }
  }

  /** @param {number} upload */
  resume(upload) {
    this.#open.get(upload)?.resume();
  }

  /** @param {number} upload */
  stop(upload) {
    const stopped = this.#open.get(upload);
    // Deleted here, because a stream that is stuck never comes to its end.
    this.#open.delete(upload);
    stopped?.stop();
  }
}

class Upload {
  #feed;
  #signal;
  #enter;
  /** @type {ReturnType<typeof streams.open> | undefined} */
  #reader;
  #stopped = false;
  #resume = () => {};

  /** @param {(bytes: Uint8Array) => boolean} feed  returns whether there is room for more @param {Announced} announced */
  constructor(feed, { signal, enter }) {
    this.#feed = feed;
    this.#signal = signal;
    this.#enter = enter;
  }

  /** @param {Source} source */
  async run(source) {
    try {
      const stream = source.first ?? (await source.again?.());
      source.first = undefined;
      if (!streams.isStream(stream)) throw invalidOption('body', 'a function that makes a stream each time');
      this.#reader = streams.open(stream);
      if (this.#stopped) return this.#reader.cancel(reasonOf(this.#signal));
      await this.#feedAll(this.#reader);
    } catch (error) {
      this.#reader?.cancel();
      throw error;
    }
  }

  async #feedAll(reader) {
    for (;;) {
      const { done, value } = await reader.next();
      if (done || this.#stopped) return;
      const bytes = streams.bytesOf(value);
      if (bytes.byteLength === 0 || this.#feed(bytes)) continue;
      await new Promise((resolve) => {
        this.#resume = () => resolve(undefined);
      });
      if (this.#stopped) return;
    }
  }

  resume() {
    this.#resume();
  }

  stop() {
    this.#stopped = true;
    this.#enter(() => this.#reader?.cancel(reasonOf(this.#signal)));
    this.#resume();
  }
}

exports.Uploads = Uploads;
