'use strict';

// Reads a request's body so that a replay sends the same bytes, if that is possible. undici itself would send what the body
// holds at the time of the sending.

const { types } = require('node:util');
const { toMultipart } = require('../body/multipart.js');
const { bytesOf } = require('../body/streams.js');

/** undici's `fetch` passes even a short text as an iterable. A body up to this length is read before it is sent. */
const READ_AHEAD = 16 * 1024 * 1024;

/**
 * Adds a form's content-type to `headers`. Unknown bodies are left to undici, which takes or refuses them.
 * @returns {Promise<{ data: any, replayable: boolean }>}
 */
async function readBody(body, headers) {
  if (body === undefined || body === null || typeof body === 'string')
    return { data: body, replayable: true };
  // Copied, because the program may reuse its buffer while its request waits.
  if (ArrayBuffer.isView(body) || types.isAnyArrayBuffer(body))
    return { data: Buffer.from(bytesOf(body)), replayable: true };
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

/** Text stays as it is, and so does a part that undici will refuse. */
function copied(part) {
  return ArrayBuffer.isView(part) ? Buffer.from(bytesOf(part)) : part;
}

/** Encoded here, because undici would use another boundary for each sending. */
function form(body, headers) {
  const { blob, contentType } = toMultipart(body);
  if (!headers.has('content-type')) headers.add('content-type', contentType);
  return { data: blob, replayable: true };
}

/** A generator, and no stream, which may wait for something. */
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
    // Copied, because a generator may reuse its buffer for the next part.
    chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : copied(chunk));
    read += chunks.at(-1).byteLength;
    // Longer than the header says, which undici refuses.
    if (read > length) break;
  }
  return { data: Buffer.concat(chunks), replayable: true };
}

/** True if a stream that was sent held nothing, so that it can be sent again as no body. */
function wasEmpty(body) {
  return body?.readableEnded === true && body.readableDidRead === false;
}

module.exports = { readBody, wasEmpty };
