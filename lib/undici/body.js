'use strict';

// Which bodies can be sent again, and what is sent of them. undici sends what its request holds at the time; here that
// is the same bytes every time.

const { types } = require('node:util');
const { toMultipart } = require('../body/multipart.js');

/**
 * `fetch` hands every body over as an iterable that can be read once, even a short text, whose length it says in a
 * header. What is said to be no longer than this is read before it is sent.
 */
const READ_AHEAD = 16 * 1024 * 1024;

/**
 * { data, replayable }. Adds a form's content-type to `headers`.
 * What is not known is left to undici, which takes it or refuses it.
 */
async function readBody(body, headers) {
  if (body === undefined || body === null || typeof body === 'string')
    return { data: body, replayable: true };
  // Copied: the program may use its buffer again while its request waits.
  if (ArrayBuffer.isView(body)) return bytes(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  if (types.isAnyArrayBuffer(body)) return bytes(Buffer.from(body));
  switch (Object.prototype.toString.call(body).slice(8, -1)) {
    case 'Blob':
    case 'File':
      return { data: body, replayable: true };
    case 'FormData':
      return form(body, headers);
    case 'Array':
      return { data: body.map(copied), replayable: true };
  }
  const length = Number(headers.get('content-length') ?? NaN);
  if (isPlainIterable(body) && length <= READ_AHEAD) return readAhead(body, length);
  return { data: body, replayable: false };
}

function bytes(view) {
  return { data: Buffer.from(view), replayable: true };
}

/** Text, and what undici will refuse, stay as they are. */
function copied(part) {
  return ArrayBuffer.isView(part)
    ? Buffer.from(new Uint8Array(part.buffer, part.byteOffset, part.byteLength))
    : part;
}

/** Encoded here: undici would make up another boundary for each sending. */
function form(body, headers) {
  const { blob, contentType } = toMultipart(body);
  if (!headers.has('content-type')) headers.add('content-type', contentType);
  return { data: blob, replayable: true };
}

/** A generator, as opposed to a stream, which may take its time. */
function isPlainIterable(body) {
  return (
    typeof body[Symbol.asyncIterator] === 'function' &&
    typeof body.pipe !== 'function' &&
    typeof body.getReader !== 'function'
  );
}

async function readAhead(body, length) {
  const chunks = [];
  let read = 0;
  for await (const chunk of body) {
    // Copied: a generator may use its buffer again for the next part.
    chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : copied(chunk));
    read += chunks.at(-1).byteLength;
    // More than it said; undici refuses it.
    if (read > length) break;
  }
  return { data: Buffer.concat(chunks), replayable: true };
}

/** Whether a body that was sent can be sent again after all, as nothing: a stream that ended before it held anything. */
function wasEmpty(body) {
  return body?.readableEnded === true && body.readableDidRead === false;
}

module.exports = { readBody, wasEmpty };
