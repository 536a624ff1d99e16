'use strict';

// token-refresh's options as a session's source: the program's own storage, its refresh function and its hooks.
//
// The engine gets the two tokens and nothing else. Other stored fields are merged here, because they may be any objects, and
// an expiry among them may be in any unit.

const { clearTimeout, setTimeout } = require('../../clock.js');
const { evidence } = require('../../callbacks/refresh-evidence.js');
const { outlined } = require('../log.js');
const { NoRefreshToken, TriesUsedUp } = require('./refresh-callbacks.js');

/** @import { SharedStorage } from './shared-storage.js' */

class StoredTokens {
  #options;
  #header;
  #log;
  #share;
  #session;
  /** The read that began with the installation, for the engine's first one. */
  #boot;
  #reads = 0;
  /** The content of the storage when it was read last, or what the last refresh made of it. @type {any} */
  #stored = null;
  /** A refresh token that is stored without an access token, before a login. */
  #lone = null;
  /** The refresh token that was stored before the last login or logout. */
  #former;
  #tries = 0;
  #loggedOut;
  /** The program has logged out, and has not logged in since. */
  #isOut = false;
  #isRetired = false;

  /** @param {any} options @param {any} header @param {import('../log.js').Log} log @param {SharedStorage} share */
  constructor(options, header, log, share) {
    this.#options = options;
    this.#header = header;
    this.#log = log;
    this.#share = share;
    const { isRefreshFailureTerminal } = options;
    if (isRefreshFailureTerminal !== undefined) this.isTerminal = (error) => isRefreshFailureTerminal(error);
    this.report = log.report;
  }

  /** Begins to read the storage, for `session`. Resolves when the session knows it. */
  async boot(session) {
    this.#session = session;
    // Inside, because requests that `getTokens` makes with the instance would wait for it.
    const boot = session.scope.run(() => this.#options.getTokens());
    this.#boot = boot;
    // The engine reads afterwards, because its read would keep a program running while `getTokens` hangs.
    await boot
      .then((stored) => {
        const present = stored?.accessToken ? 'yes' : 'no';
        this.#log.say(
          'debug',
          `Auth refresher boot: initial tokens loaded (accessToken present: ${present})`,
        );
        if (this.#boot === boot && stored?.accessToken) this.#header.know(stored.accessToken);
      })
      .catch(() => {});
    await session.load();
    this.#boot = undefined;
  }

  /** Hooks hear nothing any more, and the default header stays. The tokens of a rotation under way are still stored. */
  retire() {
    this.#isRetired = true;
  }

  async getTokens() {
    const boot = this.#boot;
    this.#boot = undefined;
    const number = (this.#reads += 1);
    const stored = this.#share.instead(await (boot ?? this.#read()));
    const refreshToken = stored?.refreshToken || undefined;
    const isLone = !stored?.accessToken && refreshToken !== undefined && refreshToken !== this.#former;
    const accessToken = stored?.accessToken || (isLone ? this.#session.token : null);
    // A newer read, or a refresh, knows better than a read that took too long.
    if (number === this.#reads) {
      this.#stored = stored;
      this.#lone = isLone && accessToken === null ? refreshToken : null;
    }
    if (!accessToken) return null;
    // After a logout, a read that began before it would hide that the program logs in with the same token.
    if (!this.#isOut) this.#header.know(accessToken);
    return { accessToken, refreshToken };
  }

  async setTokens(tokens) {
    const { newest } = this.#share;
    // Other tokens came from the program, which has them.
    if (newest === undefined || tokens?.accessToken !== newest.accessToken) return;
    if (!this.#isRetired) this.#header.show(newest.accessToken);
    // A next installation joins the session, which writes newer tokens again if this write is late.
    this.#share.hold();
    const write = this.#call(() => this.#options.setTokens(newest), 'Failed to store new tokens:');
    return write.finally(() => this.#share.leave());
  }

  /** Logs in with this access token if the storage holds it. */
  async adopts(accessToken) {
    const stored = accessToken && (await this.#read().catch(() => null));
    if (!stored || stored.accessToken !== accessToken) return false;
    this.#session.login({ accessToken, refreshToken: stored.refreshToken || undefined });
    return true;
  }

  async refresh(given) {
    const { maxRetries, refresh, onBeforeRefresh } = this.#options;
    const refreshToken = given ?? this.#lone;
    if (refreshToken === null) throw new NoRefreshToken();
    if (this.#tries >= maxRetries) throw new TriesUsedUp();
    this.#tries += 1;
    this.#log.say('debug', `Refresh attempt #${this.#tries} in progress`);
    if (!this.#isRetired) this.#log.guarded('onBeforeRefresh', onBeforeRefresh);
    const { epoch } = this.#session;
    const stored = this.#stored;
    const refreshed = await this.#session.scope.run(() => refresh(refreshToken));
    if (!refreshed?.accessToken) throw unusable(refreshed);
    this.#log.say('debug', 'Received new access token');
    const merged = { ...stored, ...refreshed };
    merged.refreshToken ||= stored?.refreshToken || refreshToken;
    if (epoch === this.#session.epoch) {
      this.#reads += 1;
      this.#tries = 0;
      this.#stored = merged;
      this.#share.renewed(merged, refreshToken);
      this.#header.know(merged.accessToken);
    }
    return { accessToken: merged.accessToken, refreshToken: merged.refreshToken };
  }

  loggedIn(tokens) {
    this.#tries = 0;
    this.#isOut = tokens === null;
    this.#boot = undefined;
    this.#former = this.#stored?.refreshToken;
    this.#stored = null;
    this.#lone = null;
    this.#share.newest = undefined;
    this.#header.forget();
    if (tokens !== null) this.#header.know(tokens.accessToken);
  }

  rotated() {
    if (!this.#isRetired) this.#log.guarded('onRefreshed', this.#options.onRefreshed, this.#share.newest);
  }

  failed(error) {
    if (this.#isRetired) return;
    this.#log.say('error', 'Auth token refresher error:', outlined(error));
    this.#log.guarded('onRefreshFailed', this.#options.onRefreshFailed, error);
  }

  lost() {
    this.#share.newest = undefined;
    if (this.#isRetired) return;
    this.#tries = 0;
    this.#header.show(null);
    this.#loggedOut = this.#log.guarded('logout', this.#options.logout);
  }

  /** Resolves when `logout` has ended, after `refreshTimeout` at the latest. */
  async ended() {
    let timer;
    const timeout = new Promise((resolve) => (timer = setTimeout(resolve, this.#options.refreshTimeout)));
    await Promise.race([this.#loggedOut, timeout]);
    clearTimeout(timer);
  }

  #read() {
    return this.#call(() => this.#options.getTokens(), 'Failed to get tokens from storage:');
  }

  async #call(work, failed) {
    try {
      return await this.#session.scope.run(work);
    } catch (error) {
      this.#log.say('error', failed, error);
      throw error;
    }
  }
}

/** An OAuth error that `refresh` returned counts as thrown: without its code, a session that is over would be tried again. */
function unusable(refreshed) {
  const { oauthError, status } = evidence(refreshed);
  return Object.assign(new Error('Invalid refresh response - no access token'), {
    error: oauthError,
    status,
  });
}

exports.StoredTokens = StoredTokens;
