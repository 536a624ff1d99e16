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

const { MAX_MS } = require('../check.js');
const { TokenClient } = require('../client.js');
const { RefreshTimeoutError, SessionLostError, StoreError } = require('../errors.js');
const { authoriser } = require('../internals.js');
const { readTokens } = require('../tokens.js');
const { Inside } = require('./inside.js');
const { Ended, NoRefreshToken, TriesUsedUp, causeOf, ...losses } = require('./losses.js');
const { RefreshCall } = require('./refresh-call.js');
const { Round } = require('./round.js');

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
  #refreshTimeout;
  #share;
  #inside = new Inside();
  /** The newest of what to send requests with. */
  #newest;
  #accepted;
  #minted;
  /** The latest call of refresh, whether it is under way, and of which login what is under way is. */
  #call;
  #isRefreshing = false;
  #flying;
  #round;
  #reviving;

  /** `share`: of shares.js, if this session may be that of other instances too. */
  constructor(source, policy, { refreshTimeout, share }) {
    this.#source = source;
    this.#policy = policy;
    this.#refreshTimeout = refreshTimeout;
    this.#share = share;
    const stores = source.getTokens !== undefined;
    this.#client = new TokenClient({
      refresh: (refreshToken, { signal }) => this.#refresh(refreshToken, signal),
      ...(stores
        ? { getTokens: () => this.#read(), setTokens: (tokens) => source.setTokens(tokens) }
        : { tokens: source.seal({ accessToken: NOBODY }) }),
      ...(source.isTerminal && { isRefreshFailureTerminal: (error) => this.#isTerminal(error) }),
      onRefreshed: () => this.#rotated(),
      onRefreshFailed: (error) => this.#failed(error),
      logout: () => this.#loggedOut(),
      onHookError: source.report,
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
    const isSure = this.#round === undefined && !this.#isRefreshing && !this.#share?.isShared;
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
    this.#call?.end();
    this.#call = undefined;
    this.#isRefreshing = false;
    this.#source.loggedIn(taken);
    // The store is the program's own, so nothing of it fails but a client that is closed.
    this.#client.setTokens(this.#source.seal(taken ?? { accessToken: NOBODY })).catch(() => {});
  }

  /** The token is not used any more; the next 401 asks for another one. */
  clear() {
    this.token = null;
    this.isCleared = true;
  }

  get isRefreshing() {
    return this.#isRefreshing;
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
      const isMinted = next.token === this.#minted;
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

  #read() {
    this.#flying = this.logins;
    return this.#source.getTokens();
  }

  async #refresh(refreshToken, signal) {
    // Past this, nothing is the engine's own call any more: callbacks may log in or out.
    await undefined;
    const { logins } = this;
    const call = new RefreshCall(
      (error) => this.#isTerminalTimeout(error),
      (error) => logins === this.logins && this.#tellFailed(error),
    );
    this.#flying = logins;
    this.#call = call;
    this.#isRefreshing = true;
    return call.run(this.#fetch(refreshToken, signal), this.#refreshTimeout);
  }

  async #fetch(refreshToken, signal) {
    const { logins } = this;
    const tokens = await this.#source.refresh(refreshToken, signal);
    if (logins !== this.logins) return tokens;
    this.#minted = tokens.accessToken;
    this.token = tokens.accessToken;
    this.isCleared = false;
    if (this.#policy.hookAfter === 'awaited') await this.#source.rotated();
    return tokens;
  }

  #isTerminal(error) {
    if (error instanceof Ended) return true;
    const { late, isOver } = this.#call ?? {};
    return (error === late && isOver) || (this.#source.isTerminal?.(error) ?? false);
  }

  /** Not asked by the engine, which would take what the predicate throws; a timeout by itself ends nothing. */
  #isTerminalTimeout(error) {
    try {
      return this.#isTerminal(error);
    } catch (thrown) {
      this.#source.report(thrown, 'isRefreshFailureTerminal');
      return false;
    }
  }

  #rotated() {
    this.#isRefreshing = false;
    if (this.#policy.hookAfter === 'told' && this.#flying === this.logins) this.#source.rotated();
  }

  #failed(error) {
    const wasLate = this.#isRefreshing && this.#call.late !== undefined;
    this.#isRefreshing = false;
    // Of a login that is over.
    if (this.#flying !== this.logins) return;
    if (error instanceof SessionLostError) this.#lose();
    // Those who waited were told that it is late.
    else if (wasLate) return;
    this.#tellFailed(causeOf(error));
  }

  /** The last that is heard of a session that is lost. */
  #loggedOut() {
    if (this.isLost) this.#source.lost();
    this.#call?.end();
  }

  #tellFailed(error) {
    if (this.#policy.failedRefresh === 'clears') this.clear();
    this.#source.failed(error instanceof Ended ? (this.#round?.error ?? error) : error);
  }

  async #tooLate() {
    const call = this.#call;
    if (this.#isRefreshing) {
      call.tooLate();
      // Nobody hears of a session that is lost before its hooks do.
      if (call.isOver) await call.told;
    }
    return call?.late ?? new losses.RefreshTimeoutError();
  }

  #lose() {
    this.isLost = true;
    this.token = null;
  }

  /** An error of the engine's as its callers know it; undefined if what the server said is theirs. */
  async #translated(error, beginning) {
    if (error instanceof RefreshTimeoutError) return this.#tooLate();
    if (!(error instanceof SessionLostError)) return causeOf(error);
    this.#lose();
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
