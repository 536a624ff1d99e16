'use strict';

// Watches a request's body for `onUploadProgress`, and for `maxBodyLength` of a stream.

const { Readable } = require('node:stream');
const { destroy } = require('../../body/streams.js');
const { own } = require('../../options/check.js');
const { badRequest } = require('../failure.js');
const { Progress } = require('./progress.js');

/** The most bytes that one progress event is about, as in axios. */
const PART = 64 * 1024;

/** @param {string | Uint8Array | import('../../body/read.js').Source} data @param {object} config */
function watchUpload(data, config) {
  const limit = own(config, 'maxBodyLength') ?? -1;
  const listener = own(config, 'onUploadProgress');
  const whole = typeof data === 'string' || ArrayBuffer.isView(data);
  const size = whole && (limit > -1 || listener) ? Buffer.byteLength(data) : data?.length;
  if (limit > -1 && size !== undefined && size > limit) throw tooLong();
  if (!listener && (whole || limit < 0)) return data;
  const progress = listener && new Progress(listener, 'upload', size);
  const watched = (stream) => new Watched(stream, { limit, progress });
  if (whole) return { first: undefined, again: () => watched(parts(Buffer.from(data))), length: size };
  const { first, again } = data;
  return {
    first: first && watched(first),
    again: again && (async () => watched(await again())),
    length: size,
  };
}

/** Counts a stream's bytes while it is read. */
class Watched {
  #stream;
  #iterator;
  #limit;
  #progress;

  constructor(stream, { limit, progress }) {
    // While a web stream is read, only its reader can cancel it.
    this.#stream = typeof stream.getReader === 'function' ? Readable.fromWeb(stream) : stream;
    this.#limit = limit;
    this.#progress = progress;
  }

  [Symbol.asyncIterator]() {
    this.#iterator ??= this.#counted();
    return this.#iterator;
  }

  destroy(reason) {
    return this.#stream.destroy ? destroy(this.#stream, reason) : this.#iterator?.return();
  }

  async *#counted() {
    let loaded = 0;
    try {
      for await (const chunk of this.#stream) {
        loaded += Buffer.byteLength(chunk);
        if (this.#limit > -1 && loaded > this.#limit) throw tooLong();
        // Before `yield`, because no more is asked for after the last byte of a known length.
        this.#progress?.add(loaded);
        yield chunk;
      }
    } finally {
      this.#progress?.flush();
    }
  }
}

function* parts(bytes) {
  for (let at = 0; at < bytes.length; at += PART) yield bytes.subarray(at, at + PART);
}

function tooLong() {
  return badRequest('Request body larger than maxBodyLength limit');
}

module.exports = { watchUpload };
