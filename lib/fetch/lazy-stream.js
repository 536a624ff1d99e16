'use strict';

// A response's body before anybody wants it as a stream, which hardly anybody does: making a ReadableStream costs Node 20
// more than all the rest of a request. To the platform's Response, what inherits from ReadableStream is one.

const { isDisturbed } = require('node:stream');

/** What `isDisturbed` asks of a stream. */
const DISTURBED = Symbol.for('nodejs.stream.disturbed');

class LazyStream {
  #body;
  #stream;
  #claimed = false;

  /** `body` has a `stream`. */
  constructor(body) {
    this.#body = body;
  }

  /** The real one. Not called `stream`: what has that may be taken for a Blob. */
  get real() {
    if (this.#stream === undefined) {
      this.#stream = this.#body.stream;
      if (this.#claimed) this.#stream.getReader();
    }
    return this.#stream;
  }

  /** Whether anybody has seen it. */
  get isMade() {
    return this.#stream !== undefined;
  }

  /** The body, if its stream was not touched, which then nobody can do any more; else undefined. */
  claim() {
    if (this.locked || this[DISTURBED]) return undefined;
    this.#claimed = true;
    this.#stream?.getReader();
    return this.#body;
  }

  get isClaimed() {
    return this.#claimed;
  }

  get locked() {
    return this.#claimed || (this.#stream !== undefined && this.#stream.locked);
  }

  get [DISTURBED]() {
    return this.#claimed || (this.#stream !== undefined && isDisturbed(this.#stream));
  }
}

Object.setPrototypeOf(LazyStream.prototype, ReadableStream.prototype);

// Whatever else a stream is asked, the real one answers.
for (const key of Reflect.ownKeys(ReadableStream.prototype)) {
  if (Object.hasOwn(LazyStream.prototype, key)) continue;
  const { get, value } = Object.getOwnPropertyDescriptor(ReadableStream.prototype, key);
  if (typeof value === 'function') define(key, { value: forwarded(key) });
  else if (get !== undefined) define(key, { get: answered(key) });
}

function define(key, descriptor) {
  Object.defineProperty(LazyStream.prototype, key, descriptor);
}

function forwarded(key) {
  return function (...args) {
    return this.real[key](...args);
  };
}

function answered(key) {
  return function () {
    return this.real[key];
  };
}

/**
 * Whether this platform's Response takes a LazyStream for what it is not. Node 26's looks closer when it is cloned, and makes
 * streams at next to no cost.
 */
const HOLDS_LAZY = Number(process.versions.node.split('.', 1)) < 26 && isHeld();

function isHeld() {
  const lazy = new LazyStream({ stream: new ReadableStream() });
  return new Response(lazy).body === lazy;
}

module.exports = { HOLDS_LAZY, LazyStream };
