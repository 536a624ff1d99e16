'use strict';

// HttpResponse, as TokenClient gives it. Its parts are unpacked when somebody asks: making one must cost nanoseconds.

const { inspect } = require('node:util');
const { bodyNotReplayable } = require('../errors.js');
const { StreamedBody } = require('./streamed-body.js');

const BOM = 0xfeff;

class HttpResponse {
  #answer;
  #streamed;
  #headers;

  /** `answer`: a NativeAnswer. If its body still comes, `signal` can abort the body. */
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
    const body = this.#streamed === undefined ? this.#answer.body : await this.#collected();
    return jsonOf(textOf(body), this.status);
  }

  async text() {
    return textOf(this.#streamed === undefined ? this.#answer.body : await this.#collected());
  }

  async bytes() {
    return bytesOf(this.#streamed === undefined ? this.#answer.body : await this.#collected());
  }

  async arrayBuffer() {
    return (await this.bytes()).buffer;
  }

  /**
   * If the body is held already: a new stream each time, so that one reader cannot use up another's. If it still comes: the
   * one stream there is.
   */
  get body() {
    if (this.#streamed !== undefined && !this.#streamed.collecting) return this.#streamed.stream;
    if (this.#streamed === undefined && this.#answer.body === null) return null;
    return new ReadableStream({
      type: 'bytes',
      start: async (controller) => {
        const bytes = await this.bytes();
        if (bytes.byteLength > 0) controller.enqueue(bytes);
        controller.close();
        // A reader that brought a buffer of its own gets it back.
        controller.byobRequest?.respond(0);
      },
    });
  }

  /** Without headers, body and query, because logs show this text. */
  [inspect.custom](_depth, options) {
    const { status, attempts } = this;
    return `HttpResponse ${inspect({ status, url: this.url.replace(/[?#].*$/, ''), attempts }, options)}`;
  }

  #collected() {
    if (this.#streamed.streaming) throw new TypeError('the body is read as a stream (response.body) already');
    return this.#streamed.collect();
  }
}

function textOf(body) {
  if (body === null) return '';
  if (typeof body === 'string') return body;
  const text = body.toString('utf8');
  return text.charCodeAt(0) === BOM ? text.slice(1) : text;
}

function jsonOf(text, status) {
  try {
    return JSON.parse(text);
  } catch {
    // V8's own message quotes the body, and bodies hold secrets.
    throw new SyntaxError(`response body is not valid JSON (status ${status})`);
  }
}

/** Always a copy: if a caller writes into it, the next read must not change. */
function bytesOf(body) {
  if (body === null) return new Uint8Array(0);
  if (typeof body === 'string') return new TextEncoder().encode(body);
  return new Uint8Array(body);
}

module.exports = { HttpResponse, bytesOf, jsonOf, textOf };
