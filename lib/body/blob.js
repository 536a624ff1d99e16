'use strict';

// `chunksOf` reads a Blob in small pieces, because the Blob's own `stream()` gives a part of 64 MB as one chunk: all of that
// part would be copied while the event loop waits.

/** Every piece costs a call into Node, so that smaller pieces cost more. A piece that the reader has not taken is held. */
const PIECE = 128 * 1024;

async function* chunksOf(blob) {
  for (let at = 0; at < blob.size; at += PIECE) {
    yield new Uint8Array(await blob.slice(at, at + PIECE).arrayBuffer());
  }
}

module.exports = { chunksOf };
