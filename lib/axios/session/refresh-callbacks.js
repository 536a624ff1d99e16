'use strict';

// How a session comes by new tokens: what its engine calls, and what it hears of how that went. Only what belongs to the
// login of now is told to the source and changes the session.

const { SessionLostError } = require('../../errors.js');
const { Ended, causeOf, ...losses } = require('./errors.js');
const { RefreshCall } = require('./refresh-call.js');

class Refreshing {
  /** The access token that the latest refresh has brought. */
  minted;
  /** Whether the engine has not heard yet how the latest call ended. */
  isUnderWay = false;
  #session;
  #source;
  #policy;
  #timeout;
  /** The latest call of refresh, and of which login what is under way is. */
  #call;
  #flying;

  constructor(session, source, policy, timeout) {
    this.#session = session;
    this.#source = source;
    this.#policy = policy;
    this.#timeout = timeout;
  }

  /** What the engine calls. */
  callbacks() {
    const source = this.#source;
    return {
      refresh: (refreshToken, { signal }) => this.#refresh(refreshToken, signal),
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

  /** Another login: what is under way is nobody's any more. */
  forget() {
    this.#call?.end();
    this.#call = undefined;
    this.isUnderWay = false;
  }

  /** What callers are told for whom the refresh takes too long. */
  async tooLate() {
    const call = this.#call;
    if (this.isUnderWay) {
      call.tooLate();
      // Nobody hears of a session that is lost before its hooks do.
      if (call.isOver) await call.told;
    }
    return call?.late ?? new losses.RefreshTimeoutError();
  }

  #read() {
    this.#flying = this.#session.logins;
    return this.#source.getTokens();
  }

  async #refresh(refreshToken, signal) {
    // Past this, nothing is the engine's own call any more: callbacks may log in or out.
    await undefined;
    const { logins } = this.#session;
    const call = new RefreshCall(
      (error) => this.#isTerminalTimeout(error),
      (error) => logins === this.#session.logins && this.#tellFailed(error),
    );
    this.#flying = logins;
    this.#call = call;
    this.isUnderWay = true;
    return call.run(this.#fetch(refreshToken, signal), this.#timeout);
  }

  async #fetch(refreshToken, signal) {
    const { logins } = this.#session;
    const tokens = await this.#source.refresh(refreshToken, signal);
    if (logins !== this.#session.logins) return tokens;
    this.minted = tokens.accessToken;
    this.#session.renewed(tokens.accessToken);
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
    this.isUnderWay = false;
    if (this.#policy.hookAfter === 'told' && this.#flying === this.#session.logins) this.#source.rotated();
  }

  #failed(error) {
    const wasLate = this.isUnderWay && this.#call.late !== undefined;
    this.isUnderWay = false;
    // Of a login that is over.
    if (this.#flying !== this.#session.logins) return;
    if (error instanceof SessionLostError) this.#session.lose();
    // Those who waited were told that it is late.
    else if (wasLate) return;
    this.#tellFailed(causeOf(error));
  }

  /** The last that is heard of a session that is lost. */
  #loggedOut() {
    if (this.#session.isLost) this.#source.lost();
    this.#call?.end();
  }

  #tellFailed(error) {
    if (this.#policy.failedRefresh === 'clears') this.#session.clear();
    this.#source.failed(error instanceof Ended ? (this.#session.rejection ?? error) : error);
  }
}

module.exports = { Refreshing };
