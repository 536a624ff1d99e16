'use strict';

// Gives the entries for other HTTP clients what a TokenClient keeps from its users. Where the other client sends the requests, that is
// tokens and rotations. Where this client sends them, it is requests and answers in the form in which they cross.

const { internalsOf } = require('../client.js');
const { TokenRotatorError, invalidOption } = require('../errors.js');
const { nativeResult } = require('../crossing/native-errors.js');
const { nextHop } = require('../crossing/native-request.js');
const { readTokens } = require('../tokens.js');
const { isTraced } = require('../tracing/channels.js');

/**
 * @import { Callbacks } from '../callbacks/callbacks.js'
 * @import { ForeignHeader } from '../foreign-header.js'
 * @import { NativeAnswer } from '../crossing/native-answer.js'
 * @import { NativeRequest } from '../crossing/native-request.js'
 * @import { NativeSession } from '../crossing/environment.js'
 * @typedef {(href: string, request: NativeRequest) => Promise<NativeAnswer>} Exchange
 * @typedef {{ epoch: number, generation: number }} Stamp  the login and the rotation that a token is of
 * @typedef {Stamp & { value: string | null, proven?: string }} Credential  The auth header's value, null if nobody is logged in.
 *   `proven`: the nonce of the proof beside it, empty for none.
 * @typedef {{ to: string, replayed: boolean, challenge?: string }} Sent  One sending of a request. `to`: its method, a space and its
 *   URL. `replayed`: an earlier token was rejected. `challenge`: the `www-authenticate` of its answer.
 */

/** @param {unknown} client  a TokenClient of this copy of the package */
function authoriser(client) {
  const internals = internalsOf(client);
  if (internals === undefined) throw invalidOption('client', 'a TokenClient');
  return new Authoriser(internals);
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

/** For a request that another HTTP client sends: it asks for a token, and reports what the server said of that. */
class Authoriser {
  #native;
  #callbacks;
  // Declared, as in `errors.js`.
  headerName;
  /** False: the client's requests are not sent again after a rotation. */
  replay;
  /** Hears of requests with an auth header of their own. */
  foreign;
  /** Sends a request through the client itself. */
  exchange;

  /** @param {{ native: NativeSession, callbacks: Callbacks, headerName: string, replay: boolean, foreign: ForeignHeader, exchange: Exchange }} internals */
  constructor({ native, callbacks, headerName, replay, foreign, exchange }) {
    this.#native = native;
    this.#callbacks = callbacks;
    this.headerName = headerName;
    this.replay = replay;
    this.foreign = foreign;
    this.exchange = exchange;
  }

  /** True if the token may go to `origin`, as `URL` writes it. Throws the error that a request to it would get. */
  trusts(origin) {
    return thrownAtOnce(() => this.#native.client.trusts(origin));
  }

  /** The request that this answer redirects to, or null. @param {NativeRequest} request @param {NativeAnswer} answer */
  nextHop(request, answer) {
    return thrownAtOnce(() => nextHop(this.#native, request, answer));
  }

  /**
   * Returns no promise if the request need not wait.
   * @param {number} [epoch]  the login that the request belongs to, if it does not begin now
   * @returns {Credential | Promise<Credential>}
   */
  authorise(epoch) {
    this.#callbacks.assertNotInside();
    const credential = this.#native.client.authorise(this.#native.number, epoch);
    if (Array.isArray(credential)) return toCredential(credential);
    return nativeResult(credential, this.#native).then(toCredential);
  }

  /**
   * The server rejected the token. Null: do not send the request again, but give the rejection to the caller. The same token again:
   * it is so new that not every server knows it, and the pause that such a server needs is over.
   * @param {Stamp & { proven?: string }} credential @param {Sent} sent @returns {Promise<Credential | null>}
   */
  async rejected({ epoch, generation, proven }, { to, replayed, challenge }) {
    const { client, number } = this.#native;
    const rejected = client.rejected(number, epoch, generation, to, replayed, challenge, proven);
    const next = await nativeResult(rejected, this.#native);
    return next === null ? null : toCredential(next);
  }

  /**
   * The header `DPoP` for one sending of this token, and the nonce in it; null if the token needs none.
   * @param {Stamp} stamp @param {string} to  its method, a space and its URL @returns {{ header: string, nonce: string } | null}
   */
  prove({ epoch, generation }, to) {
    return thrownAtOnce(() => this.#native.client.prove(this.#native.number, epoch, generation, to));
  }

  /** An answer to a request that `prove` was asked about brought this nonce. @param {string} to @param {string} nonce */
  heard(to, nonce) {
    this.#native.client.heard(this.#native.number, to, nonce);
  }

  /** A server accepted the token. @param {Stamp} stamp @param {Sent} sent */
  accepted({ epoch, generation }, { to, replayed }) {
    this.#native.client.accepted(this.#native.number, epoch, generation, to, replayed);
  }

  /** The login that a request made now belongs to. */
  get epoch() {
    return this.#native.client.epoch(this.#native.number);
  }

  /** The login that a `refresh` is for. @param {object} context  its second argument */
  epochOf(context) {
    return this.#callbacks.epochOf(context);
  }

  /** The access token that the session has now, undefined while nobody is logged in, and its stamp. */
  get now() {
    return this.#native.client.now(this.#native.number);
  }

  /** True if the session has a newer token of the same login. @param {Stamp} stamp */
  isStale({ epoch, generation }) {
    const { now } = this;
    return epoch === now.epoch && generation < now.generation && now.accessToken !== undefined;
  }

  /** Another login, or with null a logout, which counts when this returns. Throws MalformedTokens. @param {unknown} tokens */
  login(tokens) {
    this.#native.client.login(this.#native.number, tokens === null ? undefined : readTokens(tokens, 'login'));
    this.#callbacks.tell(tokens === null ? 'logout' : 'login', this.#session);
  }

  get #session() {
    return this.#native.client.key(this.#native.number);
  }

  /**
   * For a request that another HTTP client sends: what the channels tell of it. Undefined if nobody listens.
   * @param {string} via @param {string} method @param {string} href @param {string} [base]
   */
  trace(via, method, href, base) {
    if (!isTraced()) return undefined;
    // Loaded here, because most programs never need it.
    const { TracedRequest, shownUrl } = require('../tracing/traced-request.js');
    const { client } = this.#callbacks;
    return new TracedRequest({ via, client, session: this.#session, method, url: shownUrl(href, base) });
  }
}

/** @param {any[]} native  as `authorise` of the addon gives it @returns {Credential} */
function toCredential([value, epoch, generation]) {
  return { value, epoch, generation };
}

exports.Authoriser = Authoriser;
exports.authoriser = authoriser;
