'use strict';

// Reads an answer's body in one piece or as a Node stream, with `onDownloadProgress` and `maxContentLength`.

const { Readable } = require('node:stream');
const { tooLarge } = require('./failure.js');
const { Progress } = require('./progress.js');

/** A string if it is pure ASCII, a Buffer, or null if it is empty. `part` as `readable` takes it. */
async function collect(part) {
  const { whole, streamed, limit, listener } = part;
  const isWatched = limit > -1 || listener !== undefined;
  if (!isWatched) return streamed === undefined ? whole : streamed.collect();
  const reader = readerOf(part);
  const watch = new Watch(part);
  const chunks = [];
  try {
    for (let chunk; (chunk = await reader.next()) !== null; chunks.push(chunk)) watch.add(chunk);
  } catch (error) {
    reader.cancel();
    throw error;
  } finally {
    watch.end();
  }
  return streamed === undefined ? whole : Buffer.concat(chunks);
}

/**
 * `part`: { whole, streamed, limit, listener, length }, the body being `streamed` if there is that and else `whole`.
 * `fail(error)` makes what the stream ends with instead of `error`.
 */
function readable(part, fail) {
  const reader = readerOf(part);
  const watch = new Watch(part);
  const end = async (error) => stream.destroy(await fail(error));
  const stream = new Readable({
    read: async () => {
      try {
        const chunk = await reader.next();
        if (chunk === null) watch.end();
        else watch.add(chunk);
        stream.push(chunk);
      } catch (error) {
        end(error);
      }
    },
    destroy: (error, callback) => {
      watch.end();
      reader.cancel();
      callback(error);
    },
  });
  // Without a listener an error of the stream would end the program; Node's own answers do not do that either.
  stream.on('error', () => {});
  // So that an abort ends the stream even if the program does not read it.
  reader.failed?.catch(end);
  return stream;
}

/** { next, cancel, failed }: `next` gives Buffers, then null. */
function readerOf({ whole, streamed }) {
  if (streamed === undefined) {
    const chunks = whole === null ? [] : [Buffer.from(whole, 'latin1')];
    return { next: async () => chunks.shift() ?? null, cancel: () => {} };
  }
  const reader = streamed.stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    },
    cancel: () => reader.cancel().catch(() => {}),
    failed: reader.closed,
  };
}

class Watch {
  #loaded = 0;
  #limit;
  #progress;

  constructor({ limit, listener, length }) {
    this.#limit = limit;
    this.#progress = listener && new Progress(listener, 'download', length);
  }

  add(chunk) {
    this.#loaded += chunk.length;
    this.#progress?.add(this.#loaded);
    if (this.#limit > -1 && this.#loaded > this.#limit) throw tooLarge(this.#limit);
  }

  end() {
    this.#progress?.flush();
  }
}

module.exports = { collect, readable };
