'use strict';

// Reads a request's data after axios' transforms, in all kinds that axios' http adapter takes. The result can be sent again after a
// rotation, unless the data is a stream that can be read once only.

const { PassThrough } = require('node:stream');
const { promisify, types } = require('node:util');
const { readBody } = require('../../body/read.js');
const { has, isStream } = require('../../body/streams.js');
const { isSource } = require('../../crossing/native-request.js');
const { own } = require('../../options/check.js');
const { badRequest } = require('../failure.js');
const { watchUpload } = require('./upload.js');

const NONE = Object.freeze({ data: undefined, headers: undefined });

/** { data, headers }: `data` as `readBody` makes it; `headers` that describe the body, or undefined. */
async function readData(config) {
  const data = own(config, 'data');
  if (!data) return NONE;
  const read = await readKind(data, config);
  return { data: watchUpload(read.data, config), headers: read.headers };
}

function readKind(data, config) {
  if (typeof data === 'string') return { data };
  if (typeof data === 'function') return withLength(readBody(data), config);
  if (typeof data === 'object') {
    if (ArrayBuffer.isView(data) || types.isAnyArrayBuffer(data)) return readBody(data);
    if (has(data, 'getHeaders')) return readFormStream(data, config);
    const tag = Object.prototype.toString.call(data);
    if (tag === '[object FormData]') return described(readBody(data));
    if (tag === '[object Blob]' || tag === '[object File]') return readBlob(data);
    if (isStream(data)) return withLength(readBody(data), config);
    if (typeof data.pipe === 'function') return withLength(readBody(iterable(data)), config);
  }
  throw badRequest('Data after transformation must be a string, an ArrayBuffer, a Buffer, or a Stream');
}

function described({ data, contentType }) {
  return { data, headers: { 'content-type': contentType } };
}

function readBlob(blob) {
  if (blob.size === 0) return readBody(blob);
  return described({ ...readBody(blob), contentType: blob.type || 'application/octet-stream' });
}

/** A stream with the length that the caller announces, because some servers take no stream without one. */
function withLength(body, config) {
  const said = config.headers?.get?.('content-length');
  const length = /^\d+$/.test(said) ? Number(said) : undefined;
  return isSource(body.data)
    ? { data: { ...body.data, length: body.data.length ?? length } }
    : { data: body.data };
}

/** Of npm's form-data, and other streams with `getHeaders`. */
async function readFormStream(form, config) {
  const headers = Object.create(null);
  const onlyContent = own(config, 'formDataHeaderPolicy') === 'content-only';
  for (const [name, value] of Object.entries(form.getHeaders())) {
    const lower = name.toLowerCase();
    if (lower === 'content-type' || !onlyContent) headers[lower] = value;
  }
  const bytes = bytesOfForm(form);
  if (bytes !== undefined) return { data: bytes, headers };
  const { data } = readBody(iterable(form));
  const length = await promisify(form.getLength)
    .call(form)
    .catch(() => undefined);
  const source = /** @type {import('../../body/read.js').Source} */ (data);
  return { data: { ...source, length: Number.isFinite(length) ? length : undefined }, headers };
}

/** The bytes of a form without streams, which can be sent again. */
function bytesOfForm(form) {
  try {
    return form.hasKnownLength() ? form.getBuffer() : undefined;
  } catch {
    return undefined;
  }
}

/** Makes a stream of the old kind, which can only be piped, iterable. */
function iterable(stream) {
  if (isStream(stream)) return stream;
  const through = new PassThrough();
  stream.on('error', (error) => through.destroy(error));
  return stream.pipe(through);
}

module.exports = { readData };
