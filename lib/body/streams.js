'use strict';

// Streams that users pass: web streams, Node's streams, async generators and other async iterables. Each is read once,
// because most of them would pass for an empty body when they are read again.

const { types } = require('node:util');
const { invalidOption } = require('../errors.js');

/** Streams that were opened, because only some kinds can tell that themselves. */
const opened = new WeakSet();

/** Web streams have `getReader`; the others are async iterables. */
function isStream(value) {
  if (typeof value !== 'object' || value === null) return false;
  return has(value, Symbol.asyncIterator) || has(value, 'getReader');
}

/** True if a method is its own or its class's, and not one that was put on Object.prototype. */
function has(value, method) {
  return typeof value[method] === 'function' && value[method] !== Object.prototype[method];
}

/** Refuses a stream of which a part was read already. */
function checkFresh(stream) {
  if (stream.locked === true) throw invalidOption('body', 'a stream that nobody else reads');
  // Loaded here, because it costs a tenth of the whole package's load. Node's types lack `isDisturbed`.
  const { isDisturbed } = /** @type {any} */ (require('node:stream'));
  if (opened.has(stream) || stream.destroyed === true || isDisturbed(stream)) {
    throw invalidOption('body', 'a stream that nobody has read from');
  }
}

/** Announces that a stream will be opened later. Until then, an error of the stream must not end the process. */
function expect(stream) {
  // No error is lost: a stream that has failed fails its reader too.
  if (has(stream, 'on') && has(stream, 'destroy')) stream.on('error', () => {});
}

/** Begins to read. `cancel` lets go of the rest, and tells the stream the reason. */
function open(stream) {
  // If the stream failed while it waited, its request fails with the same error.
  if (stream.errored instanceof Error) throw stream.errored;
  checkFresh(stream);
  opened.add(stream);
  if (has(stream, 'getReader')) {
    const reader = stream.getReader();
    return { next: () => reader.read(), cancel: (reason) => quietly(() => reader.cancel(reason)) };
  }
  const iterator = stream[Symbol.asyncIterator]();
  const cancel = (reason) => (has(stream, 'destroy') ? destroy(stream, reason) : iterator.return?.(reason));
  return { next: () => iterator.next(), cancel: (reason) => quietly(() => cancel(reason)) };
}

/** Lets go of a stream that was never opened. */
function discard(stream, reason) {
  quietly(() => (has(stream, 'destroy') ? destroy(stream, reason) : stream.cancel?.(reason)));
}

/** With a reason, one of Node's streams emits it as its error, which must not end the process. */
function destroy(stream, reason) {
  expect(stream);
  stream.destroy(reason);
}

/** Lets go of the body of a refused request, if it is a stream without another reader. */
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

/** The stream, which fails if it is longer or shorter: Rust would cut off a longer one without a word. */
function exactly(stream, length) {
  expect(stream);
  let left = length;
  let reader;
  const counted = ({ next }) => ({
    async next() {
      const part = await next();
      if (!part.done) left -= bytesOf(part.value).byteLength;
      if (left < 0 || (part.done && left > 0))
        throw new TypeError('the body is not as long as content-length says');
      return part;
    },
  });
  return {
    [Symbol.asyncIterator]: () => counted((reader = open(stream))),
    destroy: (reason) => (reader === undefined ? discard(stream, reason) : reader.cancel(reason)),
  };
}

/** Errors are dropped, because no caller waits for a stream that is let go. */
function quietly(work) {
  Promise.resolve()
    .then(work)
    .catch(() => {});
}

const { keys } = Object.getPrototypeOf(Uint8Array.prototype);

/**
 * A view or a buffer as bytes, without a copy. Throws if its buffer was transferred away, or made smaller than the view:
 * such bytes look empty, and would be sent as nothing.
 */
function viewOf(bytes) {
  if (types.isTypedArray(bytes)) keys.call(bytes);
  return ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
}

/** A chunk of a stream as bytes, without a copy. */
function bytesOf(chunk) {
  if (typeof chunk === 'string') return Buffer.from(chunk);
  if (ArrayBuffer.isView(chunk) || types.isAnyArrayBuffer(chunk)) return viewOf(chunk);
  throw invalidOption('body', 'a stream of strings and bytes');
}

module.exports = {
  abandon,
  bytesOf,
  checkFresh,
  destroy,
  discard,
  exactly,
  expect,
  has,
  isStream,
  open,
  viewOf,
};
