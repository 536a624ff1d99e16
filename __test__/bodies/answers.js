'use strict';

// A server's side of downloads: answers in every framing and coding, and what becomes of one that is not read.

const { once } = require('node:events');
const zlib = require('node:zlib');
const { ENDLESS, KIB, carrierOf, partsOf } = require('./support.js');

const brotli = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } };
const gzip = { level: 1 };

/** One frame of blocks that are stored as they are (RFC 8878 §3.1.1): not every Node that runs this can compress so. */
function zstdStored(bytes) {
  const blocks = [];
  for (let at = 0; at === 0 || at < bytes.length; at += 128 * KIB) {
    const block = bytes.subarray(at, at + 128 * KIB);
    const head = Buffer.alloc(4);
    head.writeUInt32LE((block.length << 3) | (at + block.length === bytes.length ? 1 : 0));
    blocks.push(head.subarray(0, 3), block);
  }
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]), ...blocks]);
}

const CODINGS = {
  gzip: (bytes) => zlib.gzipSync(bytes, gzip),
  br: (bytes) => zlib.brotliCompressSync(bytes, brotli),
  zstd: zstdStored,
  deflate: (bytes) => zlib.deflateSync(bytes, gzip),
};

/** How an answer comes: { headers, bytes, parts }, of the bytes that the client should make of it. */
const FRAMINGS = {
  'with its length': (bytes) => ({ headers: { 'content-length': bytes.length }, parts: [bytes] }),
  'in parts': (bytes) => ({ headers: {}, parts: partsOf(bytes) }),
};
for (const [coding, encode] of Object.entries(CODINGS)) {
  FRAMINGS[`as ${coding} with its length`] = (bytes) => {
    const encoded = encode(bytes);
    return {
      headers: { 'content-encoding': coding, 'content-length': encoded.length },
      parts: [encoded],
    };
  };
  FRAMINGS[`as ${coding} in parts`] = (bytes) => ({
    headers: { 'content-encoding': coding },
    parts: partsOf(encode(bytes)),
  });
}

/** Sends an answer as a FRAMING has it, no faster than it is taken. */
async function send(response, { headers, parts }) {
  response.writeHead(200, headers);
  for (const part of parts) if (!response.write(part)) await once(response, 'drain');
  response.end();
}

/**
 * Writes zeros until nobody takes any more. `taken` is how many bytes were, so far; `closed` resolves when the other side
 * has let go.
 */
function flood(request, response, size = ENDLESS) {
  const block = Buffer.alloc(64 * KIB);
  const closed = new Promise((resolve) => carrierOf(request).once('close', resolve));
  const state = { taken: 0, ended: false, closed };
  const more = () => {
    while (state.taken < size && !response.destroyed) {
      state.taken += block.length;
      if (!response.write(block)) return;
    }
    state.ended = true;
    response.end();
  };
  response.on('drain', more).writeHead(200);
  more();
  return state;
}

module.exports = { CODINGS, FRAMINGS, flood, send };
