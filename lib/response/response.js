'use strict';

// An answer as it crossed from Rust, unpacked when somebody looks. Constructing one must cost nanoseconds.

const { inspect } = require('node:util');
const { attemptsOf, isNotReplayable, isRedirected, replaysOf, statusOf } = require('./native-answer.js');
const { bodyNotReplayable } = require('../errors.js');
const { StreamedBody } = require('./streamed-body.js');

const BOM = 0xfeff;

class HttpResponse {
  #bits;
  #head;
  #body;
  #streamed;
  #lines;
  #headers;

  /**
   * `raw` = [bits, head, body, download]. bits: see `bits.js`. head: Latin-1 lines of url, status text, then names and
   * values by turns. body: string if pure ASCII, else Buffer, null when empty. download: absent if body is all there is.
   * `signal` goes on to abort that.
   */
  constructor(raw, signal) {
    this.#bits = raw[0];
    this.#head = raw[1];
    this.#body = raw[2];
    if (raw[3] !== undefined) this.#streamed = new StreamedBody(raw[3], signal);
  }

  get status() {
    return statusOf(this.#bits);
  }

  get ok() {
    const status = this.status;
    return status >= 200 && status <= 299;
  }

  get attempts() {
    return attemptsOf(this.#bits);
  }

  get replays() {
    return replaysOf(this.#bits);
  }

  get redirected() {
    return isRedirected(this.#bits);
  }

  get url() {
    return this.#line(0);
  }

  get statusText() {
    return this.#line(1);
  }

  get headers() {
    if (this.#headers === undefined) {
      this.#headers = new Headers();
      this.#line(0);
      for (let i = 2; i + 1 < this.#lines.length; i += 2)
        this.#headers.append(this.#lines[i], this.#lines[i + 1]);
    }
    return this.#headers;
  }

  /** Why the request was not sent again although its token was rejected; undefined if nothing stood in the way. */
  get replayError() {
    return isNotReplayable(this.#bits) ? bodyNotReplayable() : undefined;
  }

  async json() {
    return jsonOf(textOf(this.#streamed === undefined ? this.#body : await this.#collected()), this.status);
  }

  async text() {
    return textOf(this.#streamed === undefined ? this.#body : await this.#collected());
  }

  async bytes() {
    return bytesOf(this.#streamed === undefined ? this.#body : await this.#collected());
  }

  async arrayBuffer() {
    return (await this.bytes()).buffer;
  }

  /**
   * Of a body that is there already, a new stream each time, so that one reader cannot use up another's; of one that is
   * still on its way, the one stream there is.
   */
  get body() {
    if (this.#streamed !== undefined && !this.#streamed.collecting) return this.#streamed.stream;
    if (this.#streamed === undefined && this.#body === null) return null;
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

  /** Neither headers nor body nor query: this is what ends up in logs. */
  [inspect.custom](_depth, options) {
    const { status, attempts } = this;
    return `HttpResponse ${inspect({ status, url: this.url.replace(/[?#].*$/, ''), attempts }, options)}`;
  }

  #line(index) {
    this.#lines ??= this.#head.split('\n');
    return this.#lines[index] ?? '';
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

/** Always a copy: a caller that writes into it must not change what the next read gives. */
function bytesOf(body) {
  if (body === null) return new Uint8Array(0);
  if (typeof body === 'string') return new TextEncoder().encode(body);
  return new Uint8Array(body);
}

module.exports = { HttpResponse, bytesOf, jsonOf, textOf };
