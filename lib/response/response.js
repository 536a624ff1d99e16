'use strict';

// HttpResponse, as TokenClient gives it. Its parts are unpacked when somebody asks: making one must cost nanoseconds.

const { inspect } = require('node:util');
const { bodyNotReplayable } = require('../errors.js');
const { HeldBody, bytesOf, jsonOf, textOf } = require('./held-body.js');
const { StreamedBody } = require('./streamed-body.js');

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
    if (answer.download !== undefined) this.#streamed = new StreamedBody(answer.download, signal);
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

exports.HttpResponse = HttpResponse;
