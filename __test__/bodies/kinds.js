'use strict';

// Bodies of every kind a request takes. `content(size)` is what goes into one: bytes, or text; `make(content)` gives the
// body, and may take its time; `sent(content)` is what should arrive.

const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Readable } = require('node:stream');
const { partsOf, textOf } = require('./support.js');

let folder;
let files = 0;

function fileOf(bytes) {
  folder ??= fs.mkdtempSync(path.join(os.tmpdir(), 'token-rotator-'));
  const file = path.join(folder, `${++files}`);
  fs.writeFileSync(file, bytes);
  return file;
}

/** Call in `afterAll`. */
function removeFiles() {
  if (folder !== undefined) fs.rmSync(folder, { recursive: true });
  folder = undefined;
}

async function* generated(parts) {
  for (const part of parts) {
    await new Promise(setImmediate);
    yield part;
  }
}

/** Text in parts, with no character cut. */
const textParts = (text) => text.match(/[^]{1,30000}/gu) ?? [];

function webStream(bytes) {
  const parts = partsOf(bytes);
  return new ReadableStream({
    pull(controller) {
      if (parts.length === 0) controller.close();
      else controller.enqueue(parts.shift());
    },
  });
}

/** A byte stream refuses empty parts, and takes away the buffers of the others. */
function byteStream(bytes) {
  const parts = partsOf(bytes).filter((part) => part.length > 0);
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      if (parts.length > 0) return controller.enqueue(new Uint8Array(parts.shift()));
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
}

function viewOf(bytes) {
  const larger = Buffer.concat([Buffer.from('<'), bytes, Buffer.from('>')]);
  return new DataView(larger.buffer, larger.byteOffset + 1, bytes.length);
}

const ofBytes = (make) => ({ content: (size) => randomBytes(size), make, sent: (content) => content });
const ofText = (make, sent = (content) => content) => ({ content: textOf, make, sent });

/** What is here as a whole, or can be read again. */
const WHOLE = {
  text: ofText((text) => text),
  Buffer: ofBytes((bytes) => bytes),
  ArrayBuffer: ofBytes((bytes) => new Uint8Array(bytes).buffer),
  DataView: ofBytes(viewOf),
  URLSearchParams: ofText(
    (text) => new URLSearchParams({ text }),
    (text) => String(new URLSearchParams({ text })),
  ),
  JSON: ofText(
    (text) => ({ text }),
    (text) => JSON.stringify({ text }),
  ),
  Blob: ofBytes((bytes) => new Blob(partsOf(bytes), { type: 'application/x-parts' })),
  'Blob of a file': ofBytes((bytes) => fs.openAsBlob(fileOf(bytes))),
};

/** What is gone once it is read. */
const STREAMS = {
  'web stream': ofBytes(webStream),
  'byte stream': ofBytes(byteStream),
  'Node stream': ofBytes((bytes) => Readable.from(partsOf(bytes), { objectMode: false })),
  'file stream': ofBytes((bytes) => fs.createReadStream(fileOf(bytes))),
  'generator of bytes': ofBytes((bytes) => generated(partsOf(bytes))),
  'generator of text': ofText((text) => generated(textParts(text))),
  // Neither a generator nor of a class.
  'async iterable': ofBytes((bytes) => ({ [Symbol.asyncIterator]: () => generated(partsOf(bytes)) })),
};

/** What has to be awaited is made beforehand. */
async function always(body) {
  const made = await body;
  return () => made;
}

/** A function of each, which makes streams anew each time. */
const FACTORIES = {};
for (const [name, kind] of Object.entries(WHOLE)) {
  FACTORIES[`function of ${name}`] = { ...kind, make: (content) => always(kind.make(content)) };
}
for (const [name, kind] of Object.entries(STREAMS)) {
  FACTORIES[`function of ${name}`] = { ...kind, make: (content) => () => kind.make(content) };
}

module.exports = { FACTORIES, STREAMS, WHOLE, fileOf, removeFiles };
