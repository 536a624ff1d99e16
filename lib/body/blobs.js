'use strict';

// Blobs and Files of any class: Node's own, those of packages such as fetch-blob, and objects that programs make after their
// model. `instanceof` would know Node's own only.

const { has, open } = require('./streams.js');

/** A piece of a Blob, bytes. Each is a call into Node, so smaller pieces cost more; each is held in memory until it is taken. */
const PIECE = 128 * 1024;
/** Any other type could end the line of its header. */
const TYPE = /^[\x20-\x7e]+$/;

/** By its tag and methods, as in undici. */
function isBlob(value) {
  const tag = value?.[Symbol.toStringTag];
  return (tag === 'Blob' || tag === 'File') && (has(value, 'stream') || has(value, 'arrayBuffer'));
}

/** Undefined if it is unknown, as of a file that a program makes from a stream. */
function sizeOf({ size }) {
  return Number.isSafeInteger(size) && size >= 0 ? size : undefined;
}

/** Undefined if there is none. */
function typeOf({ type }) {
  return typeof type === 'string' && TYPE.test(type) ? type : undefined;
}

/** In small pieces. `stream()` gives a part of 64 MB as one chunk, and the event loop would wait while that is copied. */
async function* chunksOf(blob) {
  const size = sizeOf(blob);
  if (size === undefined || !has(blob, 'slice') || !has(blob, 'arrayBuffer')) {
    yield* has(blob, 'stream') ? readAll(blob.stream()) : piecesOf(new Uint8Array(await blob.arrayBuffer()));
    return;
  }
  for (let at = 0; at < size; at += PIECE) {
    yield new Uint8Array(await blob.slice(at, at + PIECE).arrayBuffer());
  }
}

async function* readAll(stream) {
  const reader = open(stream);
  try {
    for (let part = await reader.next(); !part.done; part = await reader.next()) yield part.value;
  } finally {
    reader.cancel();
  }
}

function* piecesOf(bytes) {
  for (let at = 0; at < bytes.byteLength; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

module.exports = { chunksOf, isBlob, piecesOf, sizeOf, typeOf };
