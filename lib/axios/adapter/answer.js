'use strict';

// Makes an axios response of an answer from Rust, as axios' own adapter does.

const { errorFromNative } = require('../../crossing/native-errors.js');
const { bodyNotReplayable } = require('../../errors.js');
const { textOf } = require('../../response/response.js');
const { StreamedBody } = require('../../response/streamed-body.js');
const { own } = require('../../options/check.js');
const { collect, readable } = require('./download.js');
const { Failure } = require('../failure.js');

/** Node keeps the first of these fields if they come twice, and joins others. */
const FIRST_ONLY = new Set([
  ...['age', 'authorization', 'content-length', 'content-type', 'etag', 'expires', 'from', 'host'],
  ...['if-modified-since', 'if-unmodified-since', 'last-modified', 'location', 'max-forwards'],
  ...['proxy-authorization', 'referer', 'retry-after', 'server', 'user-agent'],
]);

/** Makes an axios response of a NativeAnswer to `sent`. `fail` makes axios' own error, for a stream that ends with one. */
async function answerOf(answer, config, sent, signal, fail) {
  const { body, download, status } = answer;
  const headers = headersOf(answer.lines);
  // An empty body is not encoded.
  if (body === null && download === undefined) delete headers['content-encoding'];
  sent.answered(answer);
  const response = {
    status,
    statusText: answer.statusText,
    headers: dressed(headers, config),
    config,
    request: sent,
  };
  const part = {
    whole: body,
    streamed: download === undefined ? undefined : new StreamedBody(download, signal, errorFromNative),
    limit: own(config, 'maxContentLength') ?? -1,
    listener: own(config, 'onDownloadProgress'),
    length: /^\d+$/.test(headers['content-length']) ? Number(headers['content-length']) : undefined,
  };
  const type = own(config, 'responseType');
  if (type === 'stream') response.data = readable(part, fail);
  else if (type === 'arraybuffer') response.data = bytesOf(await collect(part));
  else response.data = decoded(await collect(part), response);
  return response;
}

/** Throws if `validateStatus` rejects the status. */
function settle(response, { notReplayable }) {
  const { config, status } = response;
  const cause = notReplayable ? bodyNotReplayable() : undefined;
  const validate = own(config, 'validateStatus');
  if (!validate || validate(status)) return response;
  throw new Failure(
    status >= 400 && status < 500 ? 'ERR_BAD_REQUEST' : 'ERR_BAD_RESPONSE',
    `Request failed with status code ${status}`,
    { response, sent: true, cause },
  );
}

/** As Node's `IncomingMessage` has them. */
function headersOf(lines) {
  const headers = { __proto__: null };
  for (let i = 2; i + 1 < lines.length; i += 2) {
    const [name, value] = [lines[i], lines[i + 1]];
    const before = headers[name];
    if (name === 'set-cookie') (headers[name] ??= []).push(value);
    else if (before === undefined) headers[name] = value;
    else if (!FIRST_ONLY.has(name)) headers[name] = `${before}, ${value}`;
  }
  return headers;
}

function dressed(headers, config) {
  const AxiosHeaders = config.headers?.constructor;
  return AxiosHeaders === undefined || AxiosHeaders === Object ? headers : AxiosHeaders.from(headers);
}

function decoded(body, response) {
  const encoding = own(response.config, 'responseEncoding');
  if (encoding === undefined || encoding === 'utf8') return textOf(body);
  try {
    return bytesOf(body).toString(encoding);
  } catch (cause) {
    throw new Failure(cause.code, cause.message, { response, sent: true, cause });
  }
}

function bytesOf(body) {
  if (body === null) return Buffer.alloc(0);
  return typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
}

module.exports = { answerOf, headersOf, settle };
