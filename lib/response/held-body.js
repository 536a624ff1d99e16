'use strict';

// A body that is held in memory, and the forms in which it is read. The other kind is `streamed-body.js`.

const BOM = 0xfeff;
/** Nothing is read before somebody asks. */
const LAZILY = Object.freeze({ highWaterMark: 0 });

/** @typedef {import('../crossing/native-answer.js').NativeAnswer['body']} Body */

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

  /** A new one each time, so that one reader cannot use up another's. */
  get stream() {
    return new ReadableStream(/** @type {any} */ (this), LAZILY);
  }

  collect() {
    if (this.#signal?.aborted) throw this.#signal.reason;
    return this.#body;
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

module.exports = { HeldBody, bytesOf, jsonOf, textOf };
