'use strict';

// The callbacks of a session's client. The engine calls them in their order; events of a login that is over are dropped.

const { RefreshTimeoutError, SessionLostError } = require('../../errors.js');

/**
 * Ends the session without asking the authorization server. Users never see it. `error` makes `refresh-error.js` classify it
 * as terminal where the user has no predicate.
 */
class TerminalError extends Error {
  error = 'invalid_grant';
}

/** Each caller gets the 401 of its own request. */
class NoRefreshToken extends TerminalError {}

/** Each caller gets the 401 that came first. */
class TriesUsedUp extends TerminalError {}

/** The error that the program's own function threw, unless this package says better what was wrong with its result. */
function causeOf(error) {
  const isOurs = ['ERR_REFRESH_MALFORMED', 'ERR_STORE_CORRUPT'].includes(error.code);
  return 'cause' in error && !isOurs ? error.cause : error;
}

/** The last moment of a Date, ms. */
const NEVER = 8.64e15;

/**
 * Tokens for the engine, which would else read the end of a JWT and rotate before a server has refused it. The packages rotate after
 * a 401 only. @param {Tokens | null} tokens
 */
function withoutEnd(tokens) {
  return tokens && { ...tokens, expiresAt: NEVER };
}

/**
 * @typedef {object} TokenSource  Where tokens come from, and who hears about them
 * @property {(refreshToken: string | null, signal: AbortSignal) => Promise<Tokens>} refresh
 * @property {() => Promise<Tokens | null>} [getTokens]  The program's own store has this and
 *   `setTokens`, or neither.
 * @property {(tokens: any) => Promise<void>} [setTokens]
 * @property {(error: unknown) => boolean} [isTerminal]  without it, the engine's own rule decides
 * @property {() => unknown} rotated  calls a hook
 * @property {(error: unknown) => void} failed  calls a hook
 * @property {() => void} [lost]  calls a hook
 * @property {() => Promise<void>} [ended]  resolves when the hook of `lost` has ended
 * @property {(tokens: Tokens | null) => void} [loggedIn]  another login, or with null a logout
 * @property {(error: unknown, hook: string) => void} report  a hook threw
 *
 * @typedef {{ accessToken: string, refreshToken?: string }} Tokens
 */

class RefreshCallbacks {
  /** The engine has not said yet how the refresh ended. */
  isUnderWay = false;
  /** The refresh was late, and that ended the session. */
  isOver = false;
  #session;
  #source;
  /** `source.rotated` is called before the tokens are saved, and waited for. */
  #awaitsHook;
  /** The login that the rotation under way is for. */
  #epoch;
  /** { epoch, accessToken }: brought by a refresh, perhaps not saved yet. */
  #renewed;
  /** The error of those who waited for a refresh that is late. */
  #late;
  #giveUp;
  /** Resolves when the hooks of a refresh that ends the session were called. */
  #told;
  #tell;

  /** @param {import('./session.js').AuthSession} session @param {TokenSource} source @param {boolean} awaitsHook */
  constructor(session, source, awaitsHook) {
    this.#session = session;
    this.#source = source;
    this.#awaitsHook = awaitsHook;
  }

  /** Options for the client. */
  options() {
    const source = this.#source;
    return {
      refresh: (refreshToken, context) => this.#refresh(refreshToken, context),
      ...(source.getTokens && {
        getTokens: () => this.#read(),
        setTokens: (tokens) => source.setTokens(tokens),
      }),
      ...(source.isTerminal && { isRefreshFailureTerminal: (error) => this.#isTerminal(error) }),
      onRefreshed: () => this.#rotated(),
      onRefreshFailed: (error) => this.#failed(error),
      logout: () => this.#loggedOut(),
      onHookError: source.report,
    };
  }

  get isLate() {
    return this.isUnderWay && this.#late !== undefined;
  }

  /** The access token that a refresh has brought in this epoch and the engine may not hold yet. */
  renewedIn(epoch) {
    return this.#renewed?.epoch === epoch ? this.#renewed.accessToken : undefined;
  }

  /** Another login begins: the refresh under way is of no use. */
  forget() {
    this.#tell?.();
    this.isUnderWay = false;
    this.isOver = false;
  }

  /** The error for requests that waited for a refresh that is late. */
  async late() {
    // The hooks hear first that the session is lost.
    if (this.isOver) await this.#told;
    return this.#late ?? new RefreshTimeoutError();
  }

  async #read() {
    this.#epoch = this.#session.epoch;
    return withoutEnd(await this.#source.getTokens());
  }

  async #refresh(refreshToken, context) {
    // The engine takes the callback's synchronous part for its own; after it the callback may log in or out.
    await undefined;
    const epoch = this.#session.epochOf(context);
    if (epoch !== this.#session.epoch) throw new NoRefreshToken();
    this.#epoch = epoch;
    this.isUnderWay = true;
    this.isOver = false;
    this.#late = undefined;
    this.#told = new Promise((resolve) => (this.#tell = resolve));
    const givenUp = new Promise((_resolve, reject) => (this.#giveUp = reject));
    return Promise.race([this.#fetch(refreshToken, context.signal), givenUp]);
  }

  async #fetch(refreshToken, signal) {
    const epoch = this.#epoch;
    const tokens = await this.#source.refresh(refreshToken, signal);
    if (epoch === this.#session.epoch) {
      this.#renewed = { epoch, accessToken: tokens.accessToken };
      if (this.#awaitsHook) await this.#source.rotated();
    }
    return withoutEnd(tokens);
  }

  #isTerminal(error) {
    if (error instanceof TerminalError) return true;
    return error === this.#late ? this.isOver : this.#source.isTerminal(error);
  }

  #rotated() {
    this.isUnderWay = false;
    this.#renewed = undefined;
    if (!this.#awaitsHook && this.#epoch === this.#session.epoch) this.#source.rotated();
  }

  #failed(error) {
    if (this.#epoch !== this.#session.epoch) return;
    if (error instanceof RefreshTimeoutError) return this.#isLateNow();
    const { isLate } = this;
    this.isUnderWay = false;
    // The hook has heard already that the refresh was late.
    if (isLate && !(error instanceof SessionLostError)) return;
    this.#tellFailed(causeOf(error));
  }

  /** The engine waits on for the answer, unless the program says that this ends the session. */
  #isLateNow() {
    this.#late = new RefreshTimeoutError();
    try {
      this.isOver = Boolean(this.#source.isTerminal?.(this.#late));
    } catch (thrown) {
      this.#source.report(thrown, 'isRefreshFailureTerminal');
    }
    if (this.isOver) this.#giveUp(this.#late);
    else this.#tellFailed(this.#late);
  }

  #loggedOut() {
    if (this.#epoch === this.#session.epoch) this.#source.lost?.();
    this.#tell?.();
  }

  #tellFailed(error) {
    this.#source.failed(error instanceof TerminalError ? (this.#session.rejection ?? error) : error);
  }
}

exports.NoRefreshToken = NoRefreshToken;
exports.RefreshCallbacks = RefreshCallbacks;
exports.TriesUsedUp = TriesUsedUp;
exports.causeOf = causeOf;
exports.withoutEnd = withoutEnd;
