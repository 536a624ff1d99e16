'use strict';

// A Blob, piece by piece. Not by its `stream()`: on Node 20.3 that of a Blob which is made of several stops after the first.

/** A call into Node for each, so that smaller ones cost more; what a reader has not taken yet is held. */
const PIECE = 128 * 1024;

async function* chunksOf(blob) {
  for (let at = 0; at < blob.size; at += PIECE) {
    yield new Uint8Array(await blob.slice(at, at + PIECE).arrayBuffer());
  }
}

module.exports = { chunksOf };
