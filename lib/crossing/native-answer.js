'use strict';

// An answer as it crosses from Rust. Only this file knows its form, which `src/binding/values/native_answer.rs` packs.

// Its parts are unpacked when somebody asks for them, because making an answer must cost nanoseconds.
/** `body` is a string if it is pure ASCII, else a Buffer; null if it is empty or still comes, as `download`. */
class NativeAnswer {
  #bits;
  #head;
  /** @type {string[] | undefined} */
  #lines;
  // Declared, as in `errors.js`.
  body;
  download;

  /**
   * `bits` holds small numbers side by side, `head` is text in Latin-1.
   * @param {[bits: number, head: string, body: string | Buffer | null, download?: import('../../native').Download]} raw
   */
  constructor(raw) {
    this.#bits = raw[0];
    this.#head = raw[1];
    this.body = raw[2];
    this.download = raw[3];
  }

  get status() {
    return this.#bits & 0x3ff;
  }

  get redirected() {
    return ((this.#bits >> 10) & 1) === 1;
  }

  /** The server rejected the token, and the body could not be sent again. */
  get notReplayable() {
    return ((this.#bits >> 11) & 1) === 1;
  }

  get replays() {
    return (this.#bits >> 12) & 0x3;
  }

  /** A redirect changed the method to GET. */
  get becameGet() {
    return ((this.#bits >> 14) & 1) === 1;
  }

  get attempts() {
    return (this.#bits >> 15) & 0xffff;
  }

  /** The request brought an auth header of its own, and was sent without the token. */
  get isForeign() {
    return this.#bits >>> 31 === 1;
  }

  get url() {
    return this.lines[0];
  }

  get statusText() {
    return this.lines[1] ?? '';
  }

  /** The URL, the status text, then names and values of the headers alternately. */
  get lines() {
    return (this.#lines ??= this.#head.split('\n'));
  }

  /** @param {Headers} headers  gets those of the answer */
  appendHeaders(headers) {
    const { lines } = this;
    for (let i = 2; i + 1 < lines.length; i += 2) headers.append(lines[i], lines[i + 1]);
  }
}

exports.NativeAnswer = NativeAnswer;
