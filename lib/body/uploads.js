'use strict';

// Request bodies that are read while they are sent. A request announces its body under a number; Rust says when to open
// it, when there is room for more, and when nobody wants the rest.

const { invalidOption } = require('../errors.js');
const streams = require('./streams.js');
const { forget, keep } = require('../crossing/kept-errors.js');
const { Table } = require('../crossing/table.js');

/** number → source, of requests that have not settled */
const announced = new Table();
/** Rust's number → Upload, opened and not ended */
const uploads = new Map();

/** A source as Rust takes it. */
function announce(source) {
  if (source.first !== undefined) streams.expect(source.first);
  const { again, length } = source;
  return { number: announced.add(source), length, replayable: again !== undefined };
}

/** The request has settled: its source is not opened any more, and a stream that was never opened is let go. */
function withdraw(number) {
  const { first } = announced.get(number);
  announced.delete(number);
  if (first !== undefined) streams.discard(first);
}

function open(environment, number, upload) {
  const body = announced.get(number);
  // Withdrawn meanwhile; Rust has stopped it, or is about to.
  if (body === undefined) return;
  const opened = new Upload(environment, upload);
  uploads.set(upload, opened);
  opened.run(body);
}

function resume(upload) {
  uploads.get(upload)?.resume();
}

function stop(upload) {
  uploads.get(upload)?.stop();
}

class Upload {
  #environment;
  #number;
  #reader;
  #stopped = false;
  #resume = () => {};

  constructor(environment, number) {
    this.#environment = environment;
    this.#number = number;
  }

  async run(body) {
    try {
      const stream = body.first ?? (await body.again());
      body.first = undefined;
      if (!streams.isStream(stream)) throw invalidOption('body', 'a function that makes a stream each time');
      this.#reader = streams.open(stream);
      if (this.#stopped) return this.#reader.cancel();
      await this.#feed();
      this.#environment.endUpload(this.#number);
    } catch (error) {
      this.#reader?.cancel();
      const kept = keep(error);
      if (!this.#environment.endUpload(this.#number, kept)) forget(kept);
    } finally {
      uploads.delete(this.#number);
    }
  }

  async #feed() {
    for (;;) {
      const { done, value } = await this.#reader.next();
      if (done || this.#stopped) return;
      const bytes = streams.bytesOf(value);
      if (bytes.byteLength === 0 || this.#environment.feedUpload(this.#number, bytes)) continue;
      await new Promise((resolve) => {
        this.#resume = resolve;
      });
      if (this.#stopped) return;
    }
  }

  resume() {
    this.#resume();
  }

  stop() {
    // A stream that is stuck would never come to its end.
    uploads.delete(this.#number);
    this.#stopped = true;
    this.#reader?.cancel();
    this.#resume();
  }
}

module.exports = { announce, open, resume, stop, withdraw };
