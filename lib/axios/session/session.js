'use strict';

// The session of an instance: a TokenClient that sends nothing itself. Rotation, the order of saving, logins, losses and
// pauses are the engine's. This file asks the engine once for all requests that were rejected with one token, and gives its
// errors in the words that users of the two packages know.

const { AsyncLocalStorage } = require('node:async_hooks');
const { MAX_MS } = require('../../options/check.js');
const { AnonymousPolicy, TokenClient } = require('../../client.js');
const { RefreshTimeoutError, SessionLostError } = require('../../errors.js');
const { authoriser } = require('../../external/authoriser.js');
const {
  NoRefreshToken,
  RefreshCallbacks,
  TriesUsedUp,
  causeOf,
  withoutEnd,
} = require('./refresh-callbacks.js');
const { RejectedBatch } = require('./rejected-batch.js');

const BEARER = 'Bearer '.length;

/**
 * A storage is waited for at least this long, ms. `refreshTimeout` is for `refresh`, and may be 0. With so short a limit a busy machine
 * would read the storage too late, and no rotation could begin.
 */
const STORE_TIMEOUT = 1_000;

/**
 * @typedef {import('../../external/authoriser.js').Stamp & { token: string | null, acceptedBy?: string }} Credential  For a request.
 *   `token` is null while nobody is logged in; `acceptedBy`: the engine knows that this endpoint has taken it.
 */

/**
 * @typedef {object} Policy  Where npm's token-refresh and axios-token-rotator differ
 * @property {'kept' | 'replaced'} explicitHeader  a request's own auth header is sent, and its 401 is the caller's; or the token
 *   replaces it
 * @property {'keeps' | 'clears'} failedRefresh  what a refresh that may work the next time does to the token
 * @property {'first' | 'last'} beginner  when the request whose 401 began a rotation is sent again, of those that waited
 * @property {'told' | 'awaited'} hookAfter  the hook after a rotation; `awaited`: before anything is sent again
 */

/** @import { TokenSource } from './refresh-callbacks.js' */

class AuthSession {
  #client;
  #auth;
  #source;
  #policy;
  #callbacks;
  scope = new CallbackScope();
  #share;
  /** The newest credential, until a login or a rejection. Only those change it while no other instance shares the session. */
  #atHand;
  #batch;

  /**
   * @param {TokenSource} source @param {Policy} policy
   * @param {{ refreshTimeout: number, share?: { name: string, isShared: boolean } }} settings  `share`: other instances may use
   *   this session too
   */
  constructor(source, policy, { refreshTimeout, share }) {
    this.#source = source;
    this.#policy = policy;
    this.#share = share;
    this.#callbacks = new RefreshCallbacks(this, source, policy.hookAfter === 'awaited');
    const options = {
      ...this.#callbacks.options(),
      refreshTimeout,
      share: share?.name,
      // Requests get the error of a failed refresh at once. The next refresh comes after the engine's pause.
      maxRetries: 0,
      queue: { max: MAX_MS },
    };
    const anonymous = Object.assign(new AnonymousPolicy(), {
      forgets: policy.failedRefresh === 'clears',
      storeTimeout: Math.max(refreshTimeout, STORE_TIMEOUT),
    });
    this.#client = new TokenClient(options, anonymous);
    this.#auth = authoriser(this.#client);
  }

  /** Resolves when the store was read, or could not be. */
  load() {
    return this.#client.getTokens().catch(() => {});
  }

  /** Counts logins and logouts. */
  get epoch() {
    return this.#auth.epoch;
  }

  /** The login that a refresh with this context is for. */
  epochOf(context) {
    return this.#auth.epochOf(context);
  }

  /** The newest access token, null while nobody is logged in. */
  get token() {
    const { accessToken, epoch } = this.#auth.now;
    return this.#callbacks.renewedIn(epoch) ?? accessToken ?? null;
  }

  /** A credential for a request, or its promise if the request has to wait. Its `token` is null for a request without one. */
  authorise() {
    const known = this.#known;
    if (known !== undefined) return known;
    const { epoch } = this;
    const credential = this.#auth.authorise(epoch);
    if (!(credential instanceof Promise)) {
      const given = withToken(credential);
      // Not during a rejection, which may end with another credential.
      if (this.#batch === undefined) this.#atHand = given;
      return given;
    }
    return credential.then(withToken, (error) => this.#withoutToken(error, epoch));
  }

  /** The newest credential; undefined if only the engine knows it. */
  get #known() {
    return this.#share?.isShared ? undefined : this.#atHand;
  }

  async #withoutToken(error, epoch) {
    // The login that the request waited for is over.
    if (epoch !== this.epoch) throw error;
    const told = await this.#translated(error);
    if (told !== undefined) throw told;
    return this.authorise();
  }

  /** A request as the channels tell of it; undefined if nobody listens. */
  trace({ method = 'get', url = '', baseURL }) {
    return this.#auth.trace('axios', method.toUpperCase(), url, baseURL || undefined);
  }

  /** A server rejected `credential` with `error`. Resolves as `Authoriser.rejected` does. */
  async rejected(credential, sent, error) {
    const known = this.#known;
    // The engine would give the same to a request whose token was replaced, unless its server wants more than a new token.
    if (known?.epoch === credential.epoch && known.generation > credential.generation && !sent.challenge)
      return known;
    // Before `#batchOf`, because such a rejection must not take the place of the batch that is under way.
    if (credential.epoch !== this.epoch) return null;
    this.#atHand = undefined;
    const batch = this.#batchOf(credential, sent.to, error);
    const isFirst = batch.enter();
    try {
      let next = await (batch.outcome ??= this.#replacement(credential, sent));
      // A rejection that says nothing about the token says nothing about those of other endpoints.
      if (next === null && sent.to !== batch.to) next = await this.#replacement(credential, sent);
      if (next === null) return null;
      if (this.#batch === batch && next.epoch === this.epoch) this.#atHand = next;
      if (isFirst && this.#policy.beginner === 'last') await batch.others();
      return next;
    } catch (thrown) {
      if (credential.epoch !== this.epoch) return null;
      const told = await this.#translated(thrown, batch.error);
      if (isFirst && (thrown instanceof SessionLostError || this.#callbacks.isOver))
        await this.#source.ended?.();
      if (told === undefined) return null;
      throw told;
    } finally {
      if (this.#batch === batch) this.#batch = undefined;
      batch.leave();
    }
  }

  /** One object for a whole batch, so that `accepted` tells the engine once. */
  async #replacement(credential, sent) {
    const next = await this.#auth.rejected(credential, sent);
    return next && withToken(next);
  }

  #batchOf(credential, to, error) {
    if (this.#batch?.isOf(credential)) return this.#batch;
    const batch = new RejectedBatch(credential, to, error);
    // A late rejection of an older token begins no rotation.
    if (!this.isStale(credential)) this.#batch = batch;
    return batch;
  }

  /** Tells the engine once for requests to one endpoint in a row, which is enough until a rejection makes a new credential. */
  accepted(credential, sent) {
    if (credential.token === null || credential.acceptedBy === sent.to) return;
    credential.acceptedBy = sent.to;
    this.#auth.accepted(credential, sent);
  }

  isStale(credential) {
    return this.#auth.isStale(credential);
  }

  /** Another login, or with null, or unusable tokens, a logout. Counts for all requests from now on. */
  login(tokens) {
    this.#callbacks.forget();
    this.#atHand = undefined;
    let taken = tokens;
    try {
      this.#auth.login(withoutEnd(tokens));
    } catch {
      taken = null;
      this.#auth.login(null);
    }
    this.#source.loggedIn?.(taken);
  }

  /** The rejection that began the rotation under way, undefined if none did. */
  get rejection() {
    return this.#batch?.error;
  }

  get isRefreshing() {
    return this.#callbacks.isUnderWay;
  }

  /** The refresh under way is late, and those who waited for it were told so. */
  get isLate() {
    return this.#callbacks.isLate;
  }

  /** Sends away those who wait. A rotation under way is finished and stored. */
  close() {
    return this.#client.close();
  }

  /** The error that callers get for one of the engine's; undefined if each gets the answer of the server. */
  async #translated(error, beginning) {
    if (error instanceof RefreshTimeoutError) return this.#callbacks.late();
    if (!(error instanceof SessionLostError)) return causeOf(error);
    if (error.cause instanceof TriesUsedUp) return beginning;
    if (error.cause instanceof NoRefreshToken || error.reason === 'logged_out') return undefined;
    return causeOf(error);
  }
}

function withToken({ value, epoch, generation }) {
  return { token: value === null ? null : value.slice(BEARER), epoch, generation };
}

/** Knows the calls of a callback that a rotation waits for, because they must not wait for that rotation. */
class CallbackScope {
  #storage = new AsyncLocalStorage();
  #running = 0;

  /** Runs such a callback. */
  async run(work) {
    this.#running += 1;
    const call = { isOver: false };
    try {
      return await this.#storage.run(call, work);
    } finally {
      // A socket or a timer that the callback leaves behind is outside, whatever rotation is under way by then.
      call.isOver = true;
      this.#running -= 1;
      // An enabled storage costs time for every promise of the program.
      if (this.#running === 0) this.#storage.disable();
    }
  }

  /** True if the caller is such a callback. */
  get isActive() {
    return this.#storage.getStore()?.isOver === false;
  }
}

exports.AuthSession = AuthSession;
