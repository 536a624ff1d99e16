'use strict';

// Encodes FormData as a multipart/form-data body (RFC 7578, and the HTML standard). The result can be read like a Blob, as often
// as a replay needs, and leaves files on the disk.

const { randomUUID } = require('node:crypto');
const { chunksOf, isBlob, piecesOf, sizeOf, typeOf } = require('./blobs.js');
const { invalidOption } = require('../errors.js');

/** Later changes of the form do not change the result. @param {FormData} form */
function toMultipart(form) {
  const boundary = `token-rotator-${randomUUID()}`;
  const parts = [];
  let text = '';
  for (const [name, value] of form) {
    text += `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(crlf(name))}"`;
    if (typeof value === 'string') {
      text += `\r\n\r\n${crlf(value)}\r\n`;
    } else {
      // Any other object would be sent as its text, without a word.
      if (!isBlob(value)) throw invalidOption('body', 'FormData with text, Blobs and Files');
      const { name: file = 'blob' } = /** @type {File} */ (value);
      const type = typeOf(value) ?? 'application/octet-stream';
      text += `; filename="${quoted(`${file}`)}"\r\ncontent-type: ${type}\r\n\r\n`;
      parts.push(Buffer.from(text), value);
      text = '\r\n';
    }
  }
  parts.push(Buffer.from(`${text}--${boundary}--\r\n`));
  return { blob: new Multipart(parts), contentType: `multipart/form-data; boundary=${boundary}` };
}

/** Has as much of a Blob as `blobs.js` and undici need. Node's own Blob could not hold files of other classes. */
class Multipart {
  #parts;

  /** @param {(Buffer | Blob)[]} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Undefined if that of a file is unknown. */
  get size() {
    const sizes = this.#parts.map((part) => (Buffer.isBuffer(part) ? part.byteLength : sizeOf(part)));
    return sizes.includes(undefined) ? undefined : sizes.reduce((sum, size) => sum + size, 0);
  }

  get [Symbol.toStringTag]() {
    return 'Blob';
  }

  async *stream() {
    for (const part of this.#parts) yield* Buffer.isBuffer(part) ? piecesOf(part) : chunksOf(part);
  }
}

function crlf(text) {
  return text.replace(/\r\n|\r|\n/g, '\r\n');
}

/** A line break or a quote would end the name in its header. */
function quoted(name) {
  return name.replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22');
}

module.exports = { toMultipart };
