'use strict';

// Reads a request body once, so that a replay sends the same bytes. Streams and files may not fit into memory:
// `uploads.js` reads these while they are sent. Types are told apart without `instanceof`, which fails across realms.

const { types } = require('node:util');
const { invalidOption, rejectOption } = require('../errors.js');
const { checkFresh, discard, exactly, has, isStream, viewOf } = require('./streams.js');

const NONE = Object.freeze({ data: undefined, contentType: undefined });

/**
 * @typedef {string | Uint8Array | Source | undefined} Data  undefined: no body
 * @typedef {{ first: any, again: (() => any) | undefined, length: number | undefined }} Source  A body for `uploads.js`: `first`
 *   is the stream to send first, if there is one; `again` makes the stream once more, if anything can
 */

/**
 * @param {any} body
 * @param {() => unknown} [again]  the user's function that made `body`
 * @returns {{ data: Data, contentType: string | undefined }}
 */
function readBody(body, again) {
  if (body === undefined || body === null) return NONE;
  if (typeof body === 'string') return { data: body, contentType: 'text/plain;charset=UTF-8' };
  if (typeof body === 'function') return readFactory(body);
  if (typeof body === 'object') {
    if (ArrayBuffer.isView(body) || types.isAnyArrayBuffer(body)) {
      return { data: bytesOf(body), contentType: undefined };
    }
    const tag = tagOf(body);
    if (tag === 'URLSearchParams') {
      return { data: String(body), contentType: 'application/x-www-form-urlencoded;charset=UTF-8' };
    }
    if (tag === 'Blob' || tag === 'File') return ofBlob(body);
    if (tag === 'FormData' && has(body, Symbol.iterator)) {
      // Loaded when it is needed, as in most programs it never is; so is `blobs.js`.
      const { blob, contentType } = require('./multipart.js').toMultipart(body);
      return ofBlob(blob, contentType);
    }
    if (isStream(body)) return ofStream(body, again);
    refuseUnreadable(body);
  }
  return { data: toJson(body), contentType: 'application/json' };
}

/** Called now to see what kind of body it makes. If that is a stream, each further sending calls `make` again. */
function readFactory(make) {
  const body = make();
  if (body === undefined || body === null || typeof body === 'function') {
    throw invalidOption('body', 'a function that returns a body');
  }
  return readBody(body, make);
}

/** @param {any} blob @param {string} [contentType]  that of the Blob, unless given */
function ofBlob(blob, contentType) {
  const { chunksOf, isBlob, sizeOf, typeOf } = require('./blobs.js');
  if (!isBlob(blob)) throw invalidOption('body', 'a Blob with the method stream or arrayBuffer');
  contentType ??= typeOf(blob);
  if (blob.size === 0) return { data: new Uint8Array(0), contentType };
  const again = () => chunksOf(blob);
  return { data: { first: undefined, again, length: sizeOf(blob) }, contentType };
}

function ofStream(body, again) {
  checkFresh(body);
  return { data: { first: body, again, length: undefined }, contentType: undefined };
}

function bytesOf(body) {
  const bytes = types.isUint8Array(body) && body.byteLength > 0 ? body : present(body);
  // Another thread could change shared memory while it is being sent.
  return types.isSharedArrayBuffer(bytes.buffer) ? new Uint8Array(bytes) : bytes;
}

function present(body) {
  try {
    return viewOf(body);
  } catch (cause) {
    throw invalidOption('body', 'bytes whose buffer was not transferred away or made smaller', cause);
  }
}

/** Refuses objects that JSON would turn into `{}` without a word. */
function refuseUnreadable(body) {
  if (has(body, 'pipe')) throw invalidOption('body', 'a stream that can be iterated');
  if (has(body, 'then')) throw invalidOption('body', 'a value, not a promise of one');
  if (types.isMap(body) || types.isSet(body)) throw invalidOption('body', 'JSON; a Map or Set is not');
  if (types.isGeneratorObject(body))
    throw invalidOption('body', 'JSON or an async generator; another generator is neither');
  if (has(body, 'arrayBuffer'))
    throw invalidOption('body', 'JSON; a Response is not, its `body` can be sent');
}

function toJson(body) {
  let json;
  try {
    json = JSON.stringify(body);
  } catch (cause) {
    throw invalidOption('body', 'serialisable as JSON', cause);
  }
  if (json === undefined) throw invalidOption('body', 'serialisable as JSON');
  return json;
}

/** Checks the caller's content-length against bytes. A stream must keep to it. @param {{ data: any }} request @param {string} length */
function settleLength({ data }, length) {
  const declared = /^\d+$/.test(length) ? Number(length) : NaN;
  const known = lengthOf(data);
  if (Number.isNaN(declared) || (known !== undefined && known !== declared)) {
    if (data?.first !== undefined) discard(data.first);
    throw rejectOption('content-length must be absent, or the length of the body');
  }
  if (known !== undefined) return;
  const { first, again } = data;
  data.length = declared;
  data.first = first && exactly(first, declared);
  data.again = again && (async () => exactly(await again(), declared));
}

/** Undefined for a stream. */
function lengthOf(data) {
  if (data === undefined) return 0;
  return typeof data === 'string' || types.isUint8Array(data) ? Buffer.byteLength(data) : data.length;
}

function tagOf(value) {
  return Object.prototype.toString.call(value).slice(8, -1);
}

module.exports = { readBody, settleLength };
