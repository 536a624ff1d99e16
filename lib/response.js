'use strict';

// An answer as it crossed from Rust, unpacked when somebody looks. Constructing one must cost nanoseconds.

const { inspect } = require('node:util');

const BOM = 0xfeff;

class HttpResponse {
  #bits;
  #head;
  #body;
  #lines;
  #headers;

  /**
   * `raw` = [bits, head, body]. bits: status | attempts << 10 | replays << 14 | redirected << 18. head: Latin-1 lines of
   * url, status text, then names and values by turns. body: string if pure ASCII, else Buffer, null when empty.
   */
  constructor(raw) {
    this.#bits = raw[0];
    this.#head = raw[1];
    this.#body = raw[2];
  }

  get status() {
    return this.#bits & 0x3ff;
  }

  get ok() {
    const status = this.status;
    return status >= 200 && status <= 299;
  }

  get attempts() {
    return (this.#bits >> 10) & 0xf;
  }

  get replays() {
    return (this.#bits >> 14) & 0xf;
  }

  get redirected() {
    return ((this.#bits >> 18) & 1) === 1;
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

  async json() {
    try {
      return JSON.parse(this.#text());
    } catch {
      // V8's own message quotes the body, and bodies hold secrets.
      throw new SyntaxError(`response body is not valid JSON (status ${this.status})`);
    }
  }

  async text() {
    return this.#text();
  }

  async bytes() {
    return this.#bytes();
  }

  async arrayBuffer() {
    return this.#bytes().buffer;
  }

  /** A new stream each time it is read, so that one reader cannot use up another's body. */
  get body() {
    if (this.#body === null) return null;
    return new ReadableStream({
      type: 'bytes',
      start: (controller) => {
        controller.enqueue(this.#bytes());
        controller.close();
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

  #text() {
    if (this.#body === null) return '';
    if (typeof this.#body === 'string') return this.#body;
    const text = this.#body.toString('utf8');
    return text.charCodeAt(0) === BOM ? text.slice(1) : text;
  }

  /** Always a copy: a caller that writes into it must not change what the next read gives. */
  #bytes() {
    if (this.#body === null) return new Uint8Array(0);
    if (typeof this.#body === 'string') return new TextEncoder().encode(this.#body);
    return new Uint8Array(this.#body);
  }
}

module.exports = { HttpResponse };
