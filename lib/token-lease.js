'use strict';

// Gives the entries for other HTTP clients what a TokenClient keeps from its users: tokens and rotations for requests that
// the other client sends, or requests and answers in the form in which they cross.

const { TokenRotatorError, invalidOption } = require('./errors.js');
const { nativeResult } = require('./crossing/native-errors.js');
const { nextHop } = require('./crossing/native-request.js');

/**
 * @import { NativeAnswer } from './crossing/native-answer.js'
 * @import { NativeRequest } from './crossing/native-request.js'
 * @typedef {(href: string, request: NativeRequest) => Promise<NativeAnswer>} Exchange
 * @typedef {{ native: import('./crossing/native-session.js').NativeSession, callbacks: import('./callbacks/callbacks.js').Callbacks, headerName: string,
 *   exchange: Exchange }} Parts  of a client
 * @typedef {{ value: string | null, epoch: number, generation: number }} Authorised  The auth header's value, null if nobody is
 *   logged in; and the login and the rotation that its token is of.
 */

/** @type {(client: unknown) => Parts | undefined} */
let readParts = () => undefined;

/** Called by `client.js`, because only the class can read a client's private fields. @param {typeof readParts} read */
function reveal(read) {
  readParts = read;
}

/** @param {unknown} client  a TokenClient of this copy of the package */
function authoriser(client) {
  return new Authoriser(partsOf(client));
}

/** @param {unknown} client  a TokenClient of this copy of the package */
function exchangeOf(client) {
  return partsOf(client).exchange;
}

/** @param {unknown} client  a TokenClient of this copy of the package */
function redirectRule(client) {
  const { native } = partsOf(client);
  /** @type {(request: NativeRequest, answer: NativeAnswer) => ReturnType<typeof nextHop>} */
  return (request, answer) => thrownAtOnce(() => nextHop(native, request, answer));
}

/**
 * The addon throws a plain error with a code where it returns no promise.
 * @template T @param {() => T} call @returns {T}
 */
function thrownAtOnce(call) {
  try {
    return call();
  } catch ({ code, message }) {
    throw new TokenRotatorError(message, { code });
  }
}

function partsOf(client) {
  const parts = readParts(client);
  if (parts === undefined) throw invalidOption('client', 'a TokenClient');
  return parts;
}

/** For a request that another HTTP client sends: it asks for a token, and reports what the server said of that. */
class Authoriser {
  /** @type {Parts['native']} */
  #native;
  /** @type {Parts['callbacks']} */
  #callbacks;

  /** @param {Parts} parts */
  constructor({ native, callbacks, headerName }) {
    this.#native = native;
    this.#callbacks = callbacks;
    this.headerName = headerName;
  }

  /** Whether the token may go to `origin`, as `URL` writes it. Throws the error that a request to it would get. */
  trusts(origin) {
    return thrownAtOnce(() => this.#native.trusts(origin));
  }

  /** @param {number} [epoch]  the login under which the request was sent before @returns {Promise<Authorised>} */
  async authorise(epoch) {
    this.#callbacks.assertNotInside();
    const made = this.#native.authorise(epoch);
    return authorised(Array.isArray(made) ? made : await nativeResult(made));
  }

  /**
   * The server rejected the token. Null: do not send the request again, but give the rejection to the caller.
   * @param {Authorised} authorised @returns {Promise<Authorised | null>}
   */
  async rejected({ epoch, generation }) {
    const next = await nativeResult(this.#native.rejected(epoch, generation));
    return next === null ? null : authorised(next);
  }

  /** A server accepted the token. @param {Authorised} authorised */
  accepted({ epoch, generation }) {
    this.#native.accepted(epoch, generation);
  }
}

/** @param {any[]} native  as `authorise` of the addon gives it @returns {Authorised} */
function authorised([value, epoch, generation]) {
  return { value, epoch, generation };
}

exports.Authoriser = Authoriser;
exports.authoriser = authoriser;
exports.exchangeOf = exchangeOf;
exports.redirectRule = redirectRule;
exports.reveal = reveal;
