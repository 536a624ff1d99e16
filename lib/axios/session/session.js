'use strict';

// The session of an instance: a TokenClient that sends nothing itself, and what its axios knows of it. Rotation, the
// order of saving, epochs and pauses are the engine's; this says who is logged in, puts one question for all requests that
// were rejected with one token, and gives the engine's errors in the words that users of the two packages know.
//
// `source` is where tokens come from and who is told of them:
//   refresh(refreshToken, signal)     new tokens: { accessToken, refreshToken }
//   getTokens(), setTokens(tokens)    the program's own store, or neither
//   reread()                          what it holds if that is news to a session that is lost, else null
//   seal(tokens)                      as the engine is to hold them
//   isTerminal(error)                 or nothing, for the engine's own rule
//   using(token), loggedIn(tokens)    this token is used from now on, or none; somebody logged in, or with null out
//   rotated(), failed(error), lost()  the hooks; ended(): resolves when `lost` has done its work
//   report(error, hook)               a hook threw

const { MAX_MS } = require('../../options/check.js');
const { TokenClient } = require('../../client.js');
const { RefreshTimeoutError, SessionLostError, StoreError } = require('../../errors.js');
const { authoriser } = require('../../token-lease.js');
const { readTokens } = require('../../tokens.js');
const { Inside } = require('./reentrancy.js');
const { NoRefreshToken, TriesUsedUp, causeOf } = require('./errors.js');
const { Refreshing } = require('./refresh-callbacks.js');
const { Round } = require('./rejected-batch.js');

/** Stands in the engine for the token of nobody: a 401 then still asks for a rotation. It is never sent. */
const NOBODY = 'token-rotator:nobody';
const BEARER = 'Bearer '.length;

class AuthSession {
  /** The newest access token, null if there is none. */
  token = null;
  /** How often somebody logged in or out: a request belongs to one such time. */
  logins = 0;
  /** No token will come until somebody logs in. */
  isLost = false;
  /** The token is not used any more, since a refresh of it failed. */
  isCleared = false;
  #client;
  #auth;
  #source;
  #policy;
  #refreshing;
  #share;
  #inside = new Inside();
  /** The newest of what to send requests with. */
  #newest;
  #accepted;
  #round;
  #reviving;

  /** `share`: of shares.js, if this session may be that of other instances too. */
  constructor(source, policy, { refreshTimeout, share }) {
    this.#source = source;
    this.#policy = policy;
    this.#refreshing = new Refreshing(this, source, policy, refreshTimeout);
    this.#share = share;
    this.#client = new TokenClient({
      ...this.#refreshing.callbacks(),
      ...(source.getTokens === undefined && { tokens: source.seal({ accessToken: NOBODY }) }),
      refreshTimeout,
      share: share?.name,
      // A refresh that failed is its callers' at once, and the next one comes after the engine's pause.
      maxRetries: 0,
      queue: { max: MAX_MS },
    });
    this.#auth = authoriser(this.#client);
  }

  /** What to send a request with, if the engine has nothing to add to what it said last. */
  get atHand() {
    const said = this.#newest;
    if (said === undefined || said.logins !== this.logins || this.isLost || this.isCleared) return undefined;
    const isSure = this.#round === undefined && !this.isRefreshing && !this.#share?.isShared;
    return isSure ? said : undefined;
  }

  /** What to send a request with: { token, logins, epoch, generation }. `token` null: as nobody. */
  async authorise() {
    const { logins } = this;
    if (this.isLost) return this.#nobody();
    try {
      return this.#note(await this.#auth.authorise(), logins) ?? this.#overtaken();
    } catch (error) {
      if (logins !== this.logins) return this.#overtaken();
      // Nothing was ever read: whoever asks finds out what is open to everybody.
      if (error instanceof StoreError && this.#newest === undefined) return this.#nobody();
      const told = await this.#translated(error);
      if (told === undefined) return this.#nobody();
      throw told;
    }
  }

  /**
   * What `authorised` was sent with was rejected: what to send it with instead, or null if the rejection is its caller's.
   * `error`: the rejection. `refreshed` of what comes: it has waited for a refresh.
   */
  async rejected(authorised, error) {
    if (authorised.logins !== this.logins) return null;
    if (this.isLost) return authorised.token === null ? this.#revived() : null;
    const round = this.#roundOf(authorised, error);
    const begins = round.enter();
    try {
      // They all carry the same token: one question answers for all of them.
      const next = await (round.outcome ??= this.#replacement(authorised));
      if (next !== null && begins && this.#policy.beginner === 'last') await round.rest();
      return next;
    } catch (thrown) {
      if (authorised.logins !== this.logins) return null;
      const told = await this.#translated(thrown, round.error);
      if (begins && this.isLost) await this.#source.ended();
      if (told === undefined) return null;
      throw told;
    } finally {
      if (this.#round === round) this.#round = undefined;
      round.leave();
    }
  }

  /** Once for each token is enough. */
  accepted({ token, epoch, generation }) {
    if (token === null || (this.#accepted?.generation === generation && this.#accepted.epoch === epoch))
      return;
    this.#accepted = { epoch, generation };
    this.#auth.accepted(this.#accepted);
  }

  /** Newer tokens are known than what this was sent with. */
  isStale({ epoch, generation }) {
    const newest = this.#newest;
    return newest !== undefined && epoch === newest.epoch && generation < newest.generation;
  }

  /** `tokens` null: logs out. At once for whoever asks from now on. */
  login(tokens) {
    const taken = isUsable(tokens) ? tokens : null;
    this.logins += 1;
    this.token = taken?.accessToken ?? null;
    this.isLost = false;
    this.isCleared = false;
    this.#refreshing.forget();
    this.#source.loggedIn(taken);
    // The store is the program's own, so nothing of it fails but a client that is closed.
    this.#client.setTokens(this.#source.seal(taken ?? { accessToken: NOBODY })).catch(() => {});
  }

  /** The token is not used any more; the next 401 asks for another one. */
  clear() {
    this.token = null;
    this.isCleared = true;
  }

  /** A refresh has brought this token, which is not stored yet. */
  renewed(token) {
    this.token = token;
    this.isCleared = false;
  }

  lose() {
    this.isLost = true;
    this.token = null;
  }

  /** What began the rotation that is under way; undefined if nobody was rejected. */
  get rejection() {
    return this.#round?.error;
  }

  get isRefreshing() {
    return this.#refreshing.isUnderWay;
  }

  /** Runs a callback that a rotation waits for. */
  inside(work) {
    return this.#inside.run(work);
  }

  /** Whether this is called from such a callback. */
  get isInside() {
    return this.#inside.is;
  }

  /** Who waits is sent away; a rotation under way is finished and stored. */
  close() {
    return this.#client.close();
  }

  #roundOf(authorised, error) {
    if (this.isStale(authorised)) return new Round(authorised, error);
    if (!this.#round?.isOf(authorised)) this.#round = new Round(authorised, error);
    return this.#round;
  }

  async #replacement(authorised) {
    const { logins } = authorised;
    const isStale = this.isStale(authorised);
    for (let sent = authorised; ;) {
      const unread = sent.epoch === undefined;
      const given = unread ? await this.#auth.authorise() : await this.#auth.rejected(sent);
      const next = given && this.#note(given, logins);
      if (!next || next.token === null) return null;
      // Taken over from the store for its refresh token: the access token is the one that was rejected.
      const isMinted = next.token === this.#refreshing.minted;
      // Of the token that is at hand for everybody, nobody has waited.
      if (next.token !== sent.token || isMinted) return { ...next, refreshed: isMinted && !isStale };
      sent = next;
    }
  }

  #note({ value, epoch, generation }, logins) {
    if (logins !== this.logins) return null;
    const token = value.slice(BEARER);
    const isNewer =
      this.#newest === undefined || epoch > this.#newest.epoch || generation > this.#newest.generation;
    const used = token === NOBODY || this.isCleared ? null : token;
    const authorised = { token: used, logins, epoch, generation };
    if (!isNewer) return authorised;
    this.#newest = authorised;
    // Null: another instance of this session has logged out.
    if (used !== null || !this.isCleared) {
      this.token = used;
      this.#source.using(used);
    }
    return authorised;
  }

  /** A request that waited was made for somebody who is not logged in any more. */
  #overtaken() {
    throw new SessionLostError('somebody has logged in or out since the request was made', {
      reason: 'logged_out',
    });
  }

  #nobody() {
    return { token: null, logins: this.logins, epoch: undefined, generation: undefined };
  }

  /** The session is lost; perhaps the program has logged in since, and told its store only. */
  async #revived() {
    this.#reviving ??= this.#source.reread().finally(() => (this.#reviving = undefined));
    const tokens = await this.#reviving;
    if (this.isLost) {
      if (tokens === null) return null;
      this.login(tokens);
    }
    const authorised = await this.authorise();
    return authorised.token === null ? null : authorised;
  }

  /** An error of the engine's as its callers know it; undefined if what the server said is theirs. */
  async #translated(error, beginning) {
    if (error instanceof RefreshTimeoutError) return this.#refreshing.tooLate();
    if (!(error instanceof SessionLostError)) return causeOf(error);
    this.lose();
    // It may be another instance of this session that has lost it, and has hooks that say so.
    this.#source.using(null);
    if (error.cause instanceof TriesUsedUp) return beginning;
    if (error.cause instanceof NoRefreshToken || error.reason === 'logged_out') return undefined;
    return causeOf(error);
  }
}

/** What the engine would refuse logs nobody in. */
function isUsable(tokens) {
  try {
    return tokens !== null && readTokens(tokens, 'login') !== null;
  } catch {
    return false;
  }
}

module.exports = { AuthSession, NOBODY };
