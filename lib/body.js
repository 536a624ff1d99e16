'use strict';

// A request body is read once, here, so that a replay sends the same bytes. Types are told apart by what they are,
// not by `instanceof`, which fails across realms.

const { types } = require('node:util');
const { invalidOption, unavailable } = require('./errors.js');

const NONE = Object.freeze({ data: undefined, contentType: undefined });

/** { data: string | Uint8Array | undefined, contentType: string | undefined } */
function readBody(body) {
  if (body === undefined || body === null) return NONE;
  if (typeof body === 'string') return { data: body, contentType: 'text/plain;charset=UTF-8' };
  if (typeof body === 'function') throw unavailable('body: a factory');
  if (typeof body === 'object') {
    if (ArrayBuffer.isView(body) || types.isAnyArrayBuffer(body)) {
      return { data: bytesOf(body), contentType: undefined };
    }
    if (tagOf(body) === 'URLSearchParams') {
      return { data: String(body), contentType: 'application/x-www-form-urlencoded;charset=UTF-8' };
    }
    refuseUnreadable(body);
  }
  return { data: toJson(body), contentType: 'application/json' };
}

function bytesOf(body) {
  const bytes = types.isUint8Array(body) && body.byteLength > 0 ? body : viewOf(body);
  // Another thread could change shared memory while it is being sent.
  return types.isSharedArrayBuffer(bytes.buffer) ? new Uint8Array(bytes) : bytes;
}

/** Refuses a buffer that was transferred away: it looks empty, and would be sent as nothing. */
function viewOf(body) {
  try {
    return ArrayBuffer.isView(body)
      ? new Uint8Array(body.buffer, body.byteOffset, body.byteLength)
      : new Uint8Array(body);
  } catch (cause) {
    throw invalidOption('body', 'bytes that were not transferred away', cause);
  }
}

/** What JSON would turn into `{}` without a word. */
function refuseUnreadable(body) {
  const tag = tagOf(body);
  if (tag === 'FormData') throw unavailable('body: FormData');
  if (tag === 'Blob' || tag === 'File') throw unavailable('body: Blob');
  if (isStream(body)) throw unavailable('body: a stream');
  if (types.isPromise(body)) throw invalidOption('body', 'a value, not a promise of one');
  if (types.isMap(body) || types.isSet(body)) throw invalidOption('body', 'JSON; a Map or Set is not');
}

function isStream(body) {
  return (
    typeof body.pipe === 'function' || typeof (body[Symbol.asyncIterator] ?? body.getReader) === 'function'
  );
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

function tagOf(value) {
  return Object.prototype.toString.call(value).slice(8, -1);
}

module.exports = { readBody };
