'use strict';

// Streams that users pass, of whatever kind: web streams, Node's, async generators and other async iterables. Each is
// read once. Read again, most of them would pass for an empty body.

const { types } = require('node:util');
const { invalidOption } = require('../errors.js');

/** Streams that were opened; only some kinds know it of themselves. */
const opened = new WeakSet();

/** Web streams have `getReader`; the others are async iterables. */
function isStream(value) {
  if (typeof value !== 'object' || value === null) return false;
  return has(value, Symbol.asyncIterator) || has(value, 'getReader');
}

/** Whether a body, as `readBody` gives it, is read while it is sent. */
function isSource(data) {
  return typeof data === 'object' && !ArrayBuffer.isView(data);
}

/** A method of its own or of its class, not one that was put on every object. */
function has(value, method) {
  return typeof value[method] === 'function' && value[method] !== Object.prototype[method];
}

/** Refuses a stream that would not give all of itself. */
function checkFresh(stream) {
  if (stream.locked === true) throw invalidOption('body', 'a stream that nobody else reads');
  if (opened.has(stream) || stream.destroyed === true || require('node:stream').isDisturbed(stream)) {
    throw invalidOption('body', 'a stream that nobody has read from');
  }
}

/** Announces that a stream will be opened later. Until then an error of it ends nothing. */
function expect(stream) {
  // Whoever opens it is told: a stream that has failed fails every reader.
  if (has(stream, 'on') && has(stream, 'destroy')) stream.on('error', () => {});
}

/** { next, cancel } */
function open(stream) {
  // Failed while it waited: that is what its request fails with.
  if (stream.errored instanceof Error) throw stream.errored;
  checkFresh(stream);
  opened.add(stream);
  if (has(stream, 'getReader')) {
    const reader = stream.getReader();
    return { next: () => reader.read(), cancel: () => quietly(() => reader.cancel()) };
  }
  const iterator = stream[Symbol.asyncIterator]();
  const cancel = () => (has(stream, 'destroy') ? stream.destroy() : iterator.return?.());
  return { next: () => iterator.next(), cancel: () => quietly(cancel) };
}

/** Lets go of a stream that was never opened. */
function discard(stream) {
  quietly(() => (has(stream, 'destroy') ? stream.destroy() : stream.cancel?.()));
}

/** Lets go of the body of a request that was refused, if it is a stream that is nobody else's. */
function abandon(body) {
  try {
    if (!isStream(body)) return;
    checkFresh(body);
  } catch {
    return;
  }
  expect(body);
  discard(body);
}

/** Nobody is left to tell what goes wrong while a stream is let go. */
function quietly(work) {
  Promise.resolve()
    .then(work)
    .catch(() => {});
}

/** A chunk of one, without a copy. */
function bytesOf(chunk) {
  if (typeof chunk === 'string') return Buffer.from(chunk);
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (types.isAnyArrayBuffer(chunk)) return new Uint8Array(chunk);
  throw invalidOption('body', 'a stream of strings and bytes');
}

module.exports = { abandon, bytesOf, checkFresh, discard, expect, has, isSource, isStream, open };
