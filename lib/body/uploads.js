'use strict';

// Request bodies that are read while they are sent. A request announces its source under a number. Rust says when to open
// the source, when there is room for more of it, and when the rest is not needed.

const { invalidOption } = require('../errors.js');
const streams = require('./streams.js');
const { reasonOf } = require('../crossing/abort.js');
const { forget, keep } = require('../crossing/native-errors.js');
const { Table } = require('../crossing/table.js');

/** @typedef {import('./read.js').Source} Source */

/** Of requests that have not settled. @type {import('../crossing/table.js').Table<{ source: Source, signal?: AbortSignal }>} */
const announced = new Table();
/** Rust's numbers of those that were opened and have not ended. @type {Map<number, Upload>} */
const uploads = new Map();

/**
 * @param {Source} source
 * @param {AbortSignal | undefined} signal  whose reason the stream is cancelled with
 * @returns {import('../../native').NativeSource} what stands for it in Rust
 */
function announce(source, signal) {
  if (source.first !== undefined) streams.expect(source.first);
  const { again, length } = source;
  return { number: announced.add({ source, signal }), length, replayable: again !== undefined };
}

/** The request has settled: its source is not opened any more, and a stream that was never opened is let go. */
function withdraw(number) {
  const entry = announced.get(number);
  announced.delete(number);
  if (entry?.source.first !== undefined) streams.discard(entry.source.first, reasonOf(entry.signal));
}

/**
 * @param {import('../../native').Environment} environment
 * @param {number} number  of the source
 * @param {number} upload  of this reading of it
 */
function open(environment, number, upload) {
  const entry = announced.get(number);
  // It was withdrawn meanwhile; Rust has stopped this upload, or is about to.
  if (entry === undefined) return;
  // It cannot be opened twice. The body of an answer is never withdrawn.
  if (entry.source.again === undefined) announced.delete(number);
  const opened = new Upload(environment, upload, entry.signal);
  uploads.set(upload, opened);
  opened.run(entry.source);
}

function resume(upload) {
  uploads.get(upload)?.resume();
}

function stop(upload) {
  uploads.get(upload)?.stop();
}

class Upload {
  /** @type {import('../../native').Environment} */
  #environment;
  #number;
  #signal;
  /** @type {ReturnType<typeof streams.open> | undefined} */
  #reader;
  #stopped = false;
  #resume = () => {};

  /** @param {import('../../native').Environment} environment @param {number} number @param {AbortSignal | undefined} signal */
  constructor(environment, number, signal) {
    this.#environment = environment;
    this.#number = number;
    this.#signal = signal;
  }

  /** @param {Source} source */
  async run(source) {
    try {
      const stream = source.first ?? (await source.again?.());
      source.first = undefined;
      if (!streams.isStream(stream)) throw invalidOption('body', 'a function that makes a stream each time');
      const reader = streams.open(stream);
      this.#reader = reader;
      if (this.#stopped) return reader.cancel(reasonOf(this.#signal));
      await this.#feed(reader);
      this.#environment.endUpload(this.#number);
    } catch (error) {
      this.#reader?.cancel();
      const kept = keep(error);
      if (!this.#environment.endUpload(this.#number, kept)) forget(kept);
    } finally {
      uploads.delete(this.#number);
    }
  }

  async #feed(reader) {
    for (;;) {
      const { done, value } = await reader.next();
      if (done || this.#stopped) return;
      const bytes = streams.bytesOf(value);
      if (bytes.byteLength === 0 || this.#environment.feedUpload(this.#number, bytes)) continue;
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
    // Deleted here, because a stream that is stuck never comes to its end.
    uploads.delete(this.#number);
    this.#stopped = true;
    this.#reader?.cancel(reasonOf(this.#signal));
    this.#resume();
  }
}

module.exports = { announce, open, resume, stop, withdraw };
