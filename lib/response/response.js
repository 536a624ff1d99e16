'use strict';

// HttpResponse, as TokenClient gives it, and a body that is held in memory; the other kind is `streamed-body.js`. Parts are
// unpacked when somebody asks: making a response must cost nanoseconds.

const { inspect } = require('node:util');
const { reasonOf } = require('../crossing/abort.js');
const { errorFromNative } = require('../crossing/native-errors.js');
const { bodyNotReplayable } = require('../errors.js');

const BOM = 0xfeff;

/** Loaded with the first such body, so that the package itself loads sooner. @type {typeof import('./streamed-body.js') | undefined} */
let streamed;

/** @typedef {import('../crossing/native-answer.js').NativeAnswer['body']} Body */

class HttpResponse {
  /** @type {import('../crossing/native-answer.js').NativeAnswer} */
  #answer;
  /** @type {import('./streamed-body.js').StreamedBody | undefined} */
  #streamed;
  /** @type {Headers | undefined} */
  #headers;

  /** `answer`: a NativeAnswer. `signal` aborts a body that still comes. */
  constructor(answer, signal) {
    this.#answer = answer;
    if (answer.download === undefined) return;
    streamed ??= require('./streamed-body.js');
    this.#streamed = new streamed.StreamedBody(answer.download, signal, errorFromNative);
  }

  get status() {
    return this.#answer.status;
  }

  get ok() {
    const { status } = this.#answer;
    return status >= 200 && status <= 299;
  }

  get attempts() {
    return this.#answer.attempts;
  }

  get replays() {
    return this.#answer.replays;
  }

  get redirected() {
    return this.#answer.redirected;
  }

  get url() {
    return this.#answer.url;
  }

  get statusText() {
    return this.#answer.statusText;
  }

  get headers() {
    if (this.#headers === undefined) {
      this.#headers = new Headers();
      this.#answer.appendHeaders(this.#headers);
    }
    return this.#headers;
  }

  /** The reason why the request was not sent again although its token was rejected; else undefined. */
  get replayError() {
    return this.#answer.notReplayable ? bodyNotReplayable() : undefined;
  }

  async json() {
    const body = this.#streamed === undefined ? this.#answer.body : await collected(this.#streamed);
    return jsonOf(textOf(body), this.status);
  }

  async text() {
    return textOf(this.#streamed === undefined ? this.#answer.body : await collected(this.#streamed));
  }

  async bytes() {
    return bytesOf(this.#streamed === undefined ? this.#answer.body : await collected(this.#streamed));
  }

  async arrayBuffer() {
    return (await this.bytes()).buffer;
  }

  /** Of a body that still comes, the one stream there is; else a new stream each time. */
  get body() {
    if (this.#streamed === undefined) {
      return this.#answer.body === null ? null : new HeldBody(this.#answer.body).stream;
    }
    return this.#streamed.collecting ? new HeldBody(this.#streamed.collect()).stream : this.#streamed.stream;
  }

  /** Without headers, body and query, because logs show this text. */
  [inspect.custom](_depth, options) {
    const { status, attempts } = this;
    return `HttpResponse ${inspect({ status, url: this.url.replace(/[?#].*$/, ''), attempts }, options)}`;
  }
}

function collected(body) {
  if (body.streaming) throw new TypeError('the body is read as a stream (response.body) already');
  return body.collect();
}

class HeldBody {
  type = 'bytes';
  #body;
  #signal;

  /**
   * @param {Body | Promise<Body>} body
   * @param {AbortSignal} [signal]  once it is aborted, the body cannot be read any more
   */
  constructor(body, signal) {
    this.#body = body;
    this.#signal = signal;
  }

  /** A new one each time, so that one reader cannot use up another's. Nothing is read before somebody asks. */
  get stream() {
    return new ReadableStream(/** @type {any} */ (this), { highWaterMark: 0 });
  }

  collect() {
    return this.#signal === undefined ? this.#body : this.#unlessAborted();
  }

  /** Looks at the signal last, because fetch's readers fail too if it is aborted right after they were called. */
  async #unlessAborted() {
    const body = await this.#body;
    if (this.#signal?.aborted) throw reasonOf(this.#signal);
    return body;
  }

  /** For a clone. */
  another() {
    return new HeldBody(this.#body, this.#signal);
  }

  // `type` and `pull` make this object the source of its stream.

  async pull(controller) {
    const body = await this.collect();
    if (body !== null) controller.enqueue(bytesOf(body));
    controller.close();
    // A reader that brought a buffer of its own gets it back.
    controller.byobRequest?.respond(0);
  }
}

/** @param {Body} body @returns {string} */
function textOf(body) {
  if (body === null) return '';
  if (typeof body === 'string') return body;
  const text = body.toString('utf8');
  return text.charCodeAt(0) === BOM ? text.slice(1) : text;
}

/** @param {string} text @param {number} status  for the error */
function jsonOf(text, status) {
  try {
    return JSON.parse(text);
  } catch {
    // V8's own message quotes the body, and bodies hold secrets.
    throw new SyntaxError(`response body is not valid JSON (status ${status})`);
  }
}

/** Always a copy, because the caller may write into it and the next read must not change. @param {Body} body */
function bytesOf(body) {
  if (body === null) return new Uint8Array(0);
  if (typeof body === 'string') return new TextEncoder().encode(body);
  return new Uint8Array(body);
}

module.exports = { HeldBody, HttpResponse, bytesOf, jsonOf, textOf };
