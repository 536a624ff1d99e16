'use strict';

// Makes fetch's results: errors, and the platform's own Response with values that its constructor does not take (the URL, any
// status of a server). A body becomes a stream only when a program asks for that, because streams are slow.

const { inspect } = require('node:util');
const { errorFromNative } = require('../crossing/native-errors.js');
const { HOLDS_LAZY, LazyStream } = require('./lazy-stream.js');
const { TokenRotatorError, isRequestFailure } = require('../errors.js');
const { HeldBody, bytesOf, jsonOf, textOf } = require('../response/response.js');
const { StreamedBody } = require('../response/streamed-body.js');

/** The fetch standard's null body statuses. */
const NO_BODY = new Set([101, 103, 204, 205, 304]);
/** Given to the constructor instead of a status that it refuses. A Response with it is not `ok` either. */
const UNUSUAL = 599;

/** A cloned body's stream that a program has → its Response: see `#owner`. */
const kept = new WeakMap();

// Cast, because Node's types declare methods of Response as properties, which a class cannot override.
class FetchResponse extends /** @type {any} */ (Response) {
  /** @type {import('../crossing/native-answer.js').NativeAnswer} */
  #answer;
  #body;
  #lazy;
  /** Of a cloned body. It must live as long, because the platform cancels an unread stream of a collected Response. */
  #owner;

  /** `body`: a HeldBody, a StreamedBody, or the stream of a cloned one; null for none. */
  constructor(answer, body) {
    const { status } = answer;
    const usual = status >= 200 && status <= 599;
    const lazy = body === null || body instanceof ReadableStream ? undefined : new LazyStream(body);
    super(lazy === undefined ? body : HOLDS_LAZY ? lazy : lazy.real, {
      status: usual ? status : UNUSUAL,
      statusText: answer.statusText,
    });
    if (!usual) Object.defineProperty(this, 'status', { value: status });
    this.#answer = answer;
    this.#body = body;
    this.#lazy = lazy;
    const { headers } = this;
    answer.appendHeaders(headers);
    Object.setPrototypeOf(headers, ReadOnlyHeaders.prototype);
  }

  get type() {
    return 'basic';
  }

  get redirected() {
    return this.#answer.redirected;
  }

  /** Without the request's fragment. */
  get url() {
    return this.#answer.url.split('#', 1)[0];
  }

  get body() {
    const stream = super.body;
    if (this.#owner !== undefined) kept.set(stream, this);
    return stream instanceof LazyStream ? stream.real : stream;
  }

  get bodyUsed() {
    return super.bodyUsed || (this.#lazy !== undefined && this.#lazy.isClaimed);
  }

  clone() {
    if (this.bodyUsed || super.body?.locked) {
      throw new TypeError('Response.clone: Body has already been consumed.');
    }
    const body = this.#body;
    if (body === null) return new FetchResponse(this.#answer, null);
    if (body instanceof HeldBody && !this.#lazy.isMade) {
      return new FetchResponse(this.#answer, body.another());
    }
    // This splits the stream in two.
    const copy = super.clone();
    const clone = new FetchResponse(this.#answer, copy.body);
    clone.#owner = copy;
    this.#owner ??= this;
    return clone;
  }

  async json() {
    return jsonOf(await this.text(), this.status);
  }

  async text() {
    const body = this.#lazy?.claim();
    return body === undefined ? super.text() : textOf(await body.collect());
  }

  async bytes() {
    const body = this.#lazy?.claim();
    return body === undefined ? super.bytes() : bytesOf(await body.collect());
  }

  async arrayBuffer() {
    return (await this.bytes()).buffer;
  }

  /** As in HttpResponse: without headers, body and query. */
  [inspect.custom](_depth, options) {
    const { status, redirected, bodyUsed } = this;
    return `Response ${inspect({ status, url: this.url.replace(/\?.*$/, ''), redirected, bodyUsed }, options)}`;
  }
}

/** So that `response.constructor` is the platform's class. */
FetchResponse.prototype.constructor = Response;

class ReadOnlyHeaders extends /** @type {any} */ (Headers) {
  append() {
    throw new TypeError('immutable');
  }

  delete() {
    throw new TypeError('immutable');
  }

  set() {
    throw new TypeError('immutable');
  }
}

ReadOnlyHeaders.prototype.constructor = Headers;

/**
 * @param {import('../crossing/native-answer.js').NativeAnswer} answer
 * @param {import('../crossing/native-request.js').NativeRequest} request  that it answers
 * @returns {any}  a Response
 */
function fetchResponse(answer, { method, signal }) {
  const { body, download } = answer;
  if (method === 'HEAD' || NO_BODY.has(answer.status)) {
    download?.cancel();
    return new FetchResponse(answer, null);
  }
  if (download === undefined) return new FetchResponse(answer, new HeldBody(body, signal));
  return new FetchResponse(answer, new StreamedBody(download, signal, bodyError));
}

/**
 * The error that fetch rejects with: a TypeError for a failed request, because programs test for that. Errors of the token or
 * the client stay as they are. `message`: the one that fetch has for a failed request.
 */
function fetchError(error, message = 'fetch failed') {
  if (!(error instanceof TokenRotatorError)) return error;
  if (error.code === 'ERR_INVALID_OPTION') return new TypeError(error.message, { cause: error });
  return isRequestFailure(error.code) ? new TypeError(message, { cause: error }) : error;
}

/** The error that reading a body rejects with. @param {unknown} raw  as it crosses */
function bodyError(raw) {
  return fetchError(errorFromNative(raw), 'terminated');
}

module.exports = { fetchError, fetchResponse };
