'use strict';

// Reads request bodies by the rules of the fetch standard, by which an object is sent as its text and not as JSON. The body of
// a Request is always a stream: it is read ahead, because most such bodies are short and can then be sent again.

const { types } = require('node:util');
const { clearImmediate, clearInterval, setImmediate, setInterval } = require('../clock.js');
const { unwatch, watch } = require('../crossing/abort.js');
const { readBody } = require('../body/read.js');
const { bytesOf, isStream, open } = require('../body/streams.js');

const TAGS = ['Blob', 'File', 'FormData', 'URLSearchParams'];

/** How much of a Request's body is read ahead, bytes. */
const AHEAD = 1024 * 1024;

/** How long reading ahead may take, ms. A stream that waits longer is sent as it comes: it might wait for the request. */
const PATIENCE = 100;
const PATIENCE_IN_ALL = 1000;

/** The same as `readBody`, for `init.body`. */
function readFetchBody({ body, duplex, keepalive }) {
  if (typeof body !== 'object') return readBody(`${body}`);
  if (ArrayBuffer.isView(body) || types.isAnyArrayBuffer(body)) return readBody(body);
  if (TAGS.includes(body[Symbol.toStringTag])) return readBody(body);
  if (!isStream(body)) return readBody(`${body}`);
  if (keepalive) throw new TypeError('keepalive must be absent where the body is a stream');
  if (duplex === undefined)
    throw new TypeError('RequestInit: duplex option is required when sending a body.');
  return readBody(body);
}

/**
 * Reads a Request's body: bytes if it ends soon, else a stream of all of it, which can be sent once.
 * @param {any} stream  one of Node's for a Request of node-fetch
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<import('../body/read.js').Data>}
 */
async function gather(stream, signal) {
  const reader = open(stream);
  const parts = [];
  let enough;
  const late = new Promise((resolve) => (enough = resolve));
  const stop = watchProgress(() => parts.length, enough);
  if (signal) watch(signal, enough);
  if (signal?.aborted) enough();
  try {
    for (let size = 0; size <= AHEAD;) {
      const next = reader.next();
      // An error of the stream is left to the reader that sends it.
      const part = await Promise.race([next, late]).catch(enough);
      if (part === undefined) return resumed(parts, reader, next);
      if (part.done) return Buffer.concat(parts);
      parts.push(bytesOf(part.value));
      size += parts.at(-1).byteLength;
    }
    return resumed(parts, reader);
  } catch (error) {
    reader.cancel(error);
    throw error;
  } finally {
    stop();
    if (signal) unwatch(signal, enough);
  }
}

/** Calls `late` when there is no progress any more, or no time. Returns a function that ends the watch. */
function watchProgress(progress, late) {
  let left = PATIENCE_IN_ALL;
  let last = 0;
  let turn;
  const timer = setInterval(() => {
    left -= PATIENCE;
    // Later, because parts that came while the process was blocked are read in the turn that follows.
    turn = setImmediate(() => {
      if (progress() === last || left <= 0) late();
      last = progress();
    });
  }, PATIENCE);
  return () => {
    clearInterval(timer);
    clearImmediate(turn);
  };
}

/** A source of the whole stream: the parts that were read, the part that is being read, and the rest. */
function resumed(parts, reader, next) {
  async function* all() {
    yield* parts;
    let part = await (next ?? reader.next());
    for (; !part.done; part = await reader.next()) yield part.value;
  }
  const first = { [Symbol.asyncIterator]: all, destroy: (reason) => reader.cancel(reason) };
  return { first, again: undefined, length: undefined };
}

module.exports = { gather, readFetchBody };
