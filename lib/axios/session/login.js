'use strict';

/** Finds logins and logouts by the default header, because token-refresh has no call for either. */
class HeaderLogin {
  #session;
  #header;
  /** Undefined once the store was read. Until then a token of the header cannot be compared with the stored one. */
  #loading;
  #isLoggedOut = false;

  constructor(session, header, loading) {
    this.#session = session;
    this.#header = header;
    this.#loading = loading.then(() => (this.#loading = undefined));
  }

  /** Called before a request is made. Returns a promise if there is something to wait for. */
  look() {
    if (this.#loading !== undefined) return this.#loading.then(() => this.look());
    this.#take(this.#header.edited());
    return undefined;
  }

  /** `setAuthHeaders` was called; `token` is null to log out. */
  told(name, token) {
    if (!this.#header.isNamed(name)) return;
    // A logout counts at once. A token waits for `look`, which compares it with the stored one.
    if (this.#loading !== undefined && token !== null) return;
    const edited = this.#header.edited();
    this.#take(token === null ? null : edited);
  }

  #take(token) {
    // A refresh function that sets the header itself logs nobody in.
    if (token === undefined || this.#session.isInside) return;
    const current = this.#session.token;
    if (token === null ? this.#isLoggedOut && current === null : token === current) return;
    this.#isLoggedOut = token === null;
    this.#session.login(token === null ? null : { accessToken: token });
  }
}

module.exports = { HeaderLogin };
