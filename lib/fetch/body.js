'use strict';

// Request bodies by the rules of the fetch standard, where an object is no JSON but its text. Those of a Request are read
// ahead: what it was made of cannot be seen from outside, and most could be sent again.

const { types } = require('node:util');
const { unwatch, watch } = require('../crossing/abort.js');
const { readBody } = require('../body/read.js');
const { bytesOf, discard, isStream, open } = require('../body/streams.js');

const TAGS = ['Blob', 'File', 'FormData', 'URLSearchParams'];

/** What of a Request's body is read before it is sent. */
const AHEAD = 1024 * 1024;

/**
 * How long that may take, ms: in which nothing comes, and in all. What is in memory or in a file is there at once; a stream
 * that waits for something is sent as it comes, or it might wait for the request.
 */
const PATIENCE = 100;
const PATIENCE_IN_ALL = 1000;

/** `readBody`'s answer, for what `init.body` may be. */
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

/** A Request's body: bytes if it ends soon, else a stream of all of it, which can be sent once. */
async function gather(stream, signal) {
  const reader = stream.getReader();
  const parts = [];
  let enough;
  const late = new Promise((resolve) => (enough = resolve));
  const stop = watchProgress(() => parts.length, enough);
  if (signal) watch(signal, enough);
  if (signal?.aborted) enough();
  try {
    for (let size = 0; size <= AHEAD;) {
      const next = reader.read();
      // What it fails with, it fails with when it is sent.
      const part = await Promise.race([next, late]).catch(enough);
      if (part === undefined) return resumed(parts, reader, next);
      if (part.done) return Buffer.concat(parts);
      parts.push(bytesOf(part.value));
      size += parts.at(-1).byteLength;
    }
    return resumed(parts, reader);
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error;
  } finally {
    stop();
    if (signal) unwatch(signal, enough);
  }
}

/** Calls `late` once there is no progress any more, or no more time for it; until it is stopped. */
function watchProgress(progress, late) {
  let left = PATIENCE_IN_ALL;
  let last = 0;
  let turn;
  const timer = setInterval(() => {
    left -= PATIENCE;
    // What came while this process stood still is read in the turn that follows.
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

/** What was read, what is being read, and the rest. */
function resumed(parts, reader, next) {
  async function* all() {
    yield* parts;
    let part = await (next ?? reader.read());
    for (; !part.done; part = await reader.read()) yield part.value;
  }
  const first = { [Symbol.asyncIterator]: all, destroy: () => reader.cancel() };
  return { first, again: undefined, length: undefined };
}

/** The caller's content-length: of bytes it must be right, and a stream must keep to it. */
function settleLength(request, length) {
  const { data } = request;
  const declared = /^\d+$/.test(length) ? Number(length) : NaN;
  const known = lengthOf(data);
  if (Number.isNaN(declared) || (known !== undefined && known !== declared)) {
    if (data?.first !== undefined) discard(data.first);
    throw new TypeError('content-length must be absent, or the length of the body');
  }
  if (known !== undefined) return;
  data.length = declared;
  data.first = exactly(data.first, declared);
}

/** Undefined for a stream. */
function lengthOf(data) {
  if (data === undefined) return 0;
  if (typeof data === 'string') return Buffer.byteLength(data);
  return ArrayBuffer.isView(data) ? data.byteLength : data.length;
}

/** The stream, which fails if it turns out longer or shorter: what is too long would be cut off without a word. */
function exactly(stream, length) {
  let left = length;
  const counted = ({ next, cancel: stop }) => ({
    async next() {
      const part = await next();
      if (!part.done) left -= bytesOf(part.value).byteLength;
      if (left < 0 || (part.done && left > 0))
        throw new TypeError('the body is not as long as content-length says');
      return part;
    },
    return: stop,
  });
  return { [Symbol.asyncIterator]: () => counted(open(stream)), cancel: () => discard(stream) };
}

module.exports = { gather, readFetchBody, settleLength };
