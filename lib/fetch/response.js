'use strict';

// An answer as fetch gives it: the platform's own Response. It is told here what its constructor does not take (the URL, a
// status that only a server may give), and a body that nobody wants as a stream does not go through one.

const { inspect } = require('node:util');
const { bodyError } = require('./errors.js');
const { HeldBody } = require('./held-body.js');
const { HOLDS_LAZY, LazyStream } = require('./lazy-stream.js');
const { bytesOf, jsonOf, textOf } = require('../response/response.js');
const { StreamedBody } = require('../response/streamed-body.js');

/** The fetch standard's null body statuses. */
const NO_BODY = new Set([101, 103, 204, 205, 304]);
/** What a Response is made with if its constructor would refuse its status. It is not ok either. */
const UNUSUAL = 599;

/** A cloned body's stream, once somebody has it → its Response: see `#owner`. */
const kept = new WeakMap();

class FetchResponse extends Response {
  #answer;
  #body;
  #lazy;
  /** Of a cloned body. When it is collected, the platform cancels a stream that nobody reads yet. */
  #owner;

  /** `answer`: a NativeAnswer. `body`: a HeldBody, a StreamedBody, or the stream of a cloned one; null for none. */
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
    // Splits the stream into its own and the copy's.
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

  /** As HttpResponse's: neither headers nor body nor query. */
  [inspect.custom](_depth, options) {
    const { status, redirected, bodyUsed } = this;
    return `Response ${inspect({ status, url: this.url.replace(/\?.*$/, ''), redirected, bodyUsed }, options)}`;
  }
}

/** Its own name is nobody's business. */
FetchResponse.prototype.constructor = Response;

class ReadOnlyHeaders extends Headers {
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

/** `answer`: a NativeAnswer to a request with this method and signal. */
function fetchResponse(answer, { method, signal }) {
  const { body, download } = answer;
  if (method === 'HEAD' || NO_BODY.has(answer.status)) {
    download?.cancel();
    return new FetchResponse(answer, null);
  }
  const isHeld = download === undefined;
  return new FetchResponse(
    answer,
    isHeld ? new HeldBody(body, signal) : new StreamedBody(download, signal, bodyError),
  );
}

module.exports = { fetchResponse };
