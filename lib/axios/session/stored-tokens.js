'use strict';

// token-refresh's options as a session's source: the program's own storage, its refresh function and its hooks.
//
// The engine is shown the two tokens and nothing else. What the program keeps beside them is merged here, as the objects
// that they are, and an expiry that may be in any unit is nobody's business.

const { outlined } = require('../log.js');
const { NoRefreshToken, TriesUsedUp } = require('./errors.js');
const { NOBODY } = require('./session.js');

/** Of logins that are over: more than a storage lags behind. */
const REMEMBERED = 64;

class StoredTokens {
  #options;
  #header;
  #log;
  #session;
  /** The read that began with the installation. */
  #boot;
  #reads = 0;
  /** What the storage held, and what the last refresh made of it: { login, accessToken, merged }. */
  #stored = null;
  #minted;
  #tries = 0;
  /** Tokens of this login, and of those that are over. */
  #own = new Set();
  #past = new Set();
  #loggedOut;
  #isRetired = false;

  constructor(options, header, log) {
    this.#options = options;
    this.#header = header;
    this.#log = log;
    const { isRefreshFailureTerminal } = options;
    if (isRefreshFailureTerminal !== undefined) this.isTerminal = (error) => isRefreshFailureTerminal(error);
    this.report = log.report;
  }

  /** Begins to read the storage, for `session`. Resolves when that has come to something. */
  boot(session) {
    this.#session = session;
    const { logins } = session;
    // Requests that it makes with the instance would wait for it.
    this.#boot = session.inside(() => this.#options.getTokens());
    this.#boot.catch(() => {});
    return this.#boot.then(
      (stored) => {
        const present = stored?.accessToken ? 'yes' : 'no';
        this.#log.debug(`Auth refresher boot: initial tokens loaded (accessToken present: ${present})`);
        const tokens = this.#usable(stored);
        if (tokens !== null && logins === session.logins) this.#add(tokens);
      },
      () => {},
    );
  }

  /** Nobody is told any more, and the instance is left alone; what a rotation under way brings is still stored. */
  retire() {
    this.#isRetired = true;
  }

  async getTokens() {
    const boot = this.#boot;
    this.#boot = undefined;
    const number = (this.#reads += 1);
    const stored = await (boot ?? this.#read());
    const tokens = this.#usable(stored);
    // A read that took too long says nothing any more.
    if (number === this.#reads) {
      this.#stored = tokens && stored;
      if (tokens !== null) this.#add(tokens);
    }
    return tokens ?? (this.#session.token === null ? { accessToken: NOBODY } : null);
  }

  async setTokens(tokens) {
    const { setTokens } = this.#options;
    const minted = this.#minted;
    // What else the engine would save came from the program, which has it.
    if (minted === undefined || tokens?.accessToken !== minted.accessToken) return;
    if (minted.login !== this.#session.logins) return;
    if (!this.#isRetired) this.#header.show(minted.accessToken);
    try {
      await this.#session.inside(() => setTokens(minted.merged));
    } catch (error) {
      this.#log.error('Failed to store new tokens:', error);
      throw error;
    }
  }

  async reread() {
    try {
      return this.#usable(await this.#read());
    } catch {
      return null;
    }
  }

  /** Whether the storage holds this access token; then somebody has logged in with it. */
  async adopts(accessToken) {
    const stored = await this.#read().catch(() => null);
    if (stored?.accessToken !== accessToken) return false;
    this.#session.login({ accessToken, refreshToken: stored.refreshToken || undefined });
    return true;
  }

  async refresh(refreshToken) {
    const { maxRetries, refresh, onBeforeRefresh } = this.#options;
    // Asked for a login that is over meanwhile, the engine will not use it either.
    if (refreshToken === null || this.#past.has(refreshToken)) throw new NoRefreshToken();
    if (this.#tries >= maxRetries) throw new TriesUsedUp();
    this.#tries += 1;
    this.#log.debug(`Refresh attempt #${this.#tries} in progress`);
    if (!this.#isRetired) this.#log.guarded('onBeforeRefresh', onBeforeRefresh);
    const login = this.#session.logins;
    const stored = this.#stored;
    const refreshed = await this.#session.inside(() => refresh(refreshToken));
    if (!refreshed?.accessToken) throw new Error('Invalid refresh response - no access token');
    this.#log.debug('Received new access token');
    const merged = { ...stored, ...refreshed };
    merged.refreshToken ||= stored?.refreshToken || refreshToken;
    const tokens = { accessToken: merged.accessToken, refreshToken: merged.refreshToken };
    if (login === this.#session.logins) {
      this.#reads += 1;
      this.#tries = 0;
      this.#stored = merged;
      this.#minted = { login, accessToken: merged.accessToken, merged };
      this.#add(tokens);
    }
    return tokens;
  }

  seal(tokens) {
    return tokens;
  }

  using(token) {
    if (token === null) this.#header.withdraw();
    else this.#header.use(token);
  }

  loggedIn(tokens) {
    this.#end();
    this.#tries = 0;
    this.#boot = undefined;
    this.#stored = null;
    this.#header.forget();
    if (tokens !== null) this.#add(tokens);
  }

  rotated() {
    if (this.#isRetired) return;
    const { merged } = this.#minted;
    this.#log.guarded('onRefreshed', this.#options.onRefreshed, merged);
  }

  failed(error) {
    if (this.#isRetired) return;
    this.#log.error('Auth token refresher error:', outlined(error));
    this.#log.guarded('onRefreshFailed', this.#options.onRefreshFailed, error);
  }

  lost() {
    if (this.#isRetired) return;
    this.#end();
    this.#tries = 0;
    this.#header.show(null);
    this.#loggedOut = this.#log.guarded('logout', this.#options.logout);
  }

  /** Whoever waits for a logout does not wait for ever. */
  async ended() {
    let timer;
    const patience = new Promise((resolve) => (timer = setTimeout(resolve, this.#options.refreshTimeout)));
    await Promise.race([this.#loggedOut, patience]);
    clearTimeout(timer);
  }

  async #read() {
    try {
      return await this.#session.inside(() => this.#options.getTokens());
    } catch (error) {
      this.#log.error('Failed to get tokens from storage:', error);
      throw error;
    }
  }

  /** What the storage holds, if it is not of a login that is over. */
  #usable(stored) {
    const accessToken = stored?.accessToken || undefined;
    const refreshToken = stored?.refreshToken || undefined;
    const telling = refreshToken ?? accessToken;
    if (telling === undefined) return null;
    if (this.#past.has(telling) && accessToken !== this.#session.token) return null;
    return { accessToken: accessToken ?? NOBODY, refreshToken };
  }

  #add({ accessToken, refreshToken }) {
    for (const token of [refreshToken, accessToken]) {
      this.#past.delete(token);
      this.#own.add(token);
    }
    if (accessToken !== NOBODY) this.#header.know(accessToken);
  }

  #end() {
    this.#past = new Set([...this.#past, ...this.#own].slice(-REMEMBERED));
    this.#past.delete(undefined);
    this.#past.delete(NOBODY);
    this.#own.clear();
  }
}

module.exports = { StoredTokens };
