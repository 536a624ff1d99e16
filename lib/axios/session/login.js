'use strict';

/** Finds logins and logouts by the default header, because token-refresh has no call for either. */
class HeaderLogin {
  #session;
  #header;
  /** Until the store was read, a token of the header cannot be compared with the stored one. */
  #isLoading = true;
  #loading;
  #isLoggedOut = false;

  constructor(session, header, loading) {
    this.#session = session;
    this.#header = header;
    loading.then(() => (this.#isLoading = false));
  }

  /** Called before a request is made. Returns a promise if there is something to wait for. */
  look() {
    if (this.#isLoading) {
      // A request waits for the store no longer than the engine does.
      this.#loading ??= this.#session.load().then(() => (this.#isLoading = false));
      return this.#loading.then(() => this.look());
    }
    this.#take(this.#header.edited());
    return undefined;
  }

  /** `setAuthHeaders` was called; `token` is null to log out. */
  told(name, token) {
    if (!this.#header.isNamed(name)) return;
    // A logout counts at once. A token waits for `look`, which compares it with the stored one.
    if (this.#isLoading && token !== null) return;
    const edited = this.#header.edited();
    this.#take(token === null ? null : edited);
  }

  #take(token) {
    // A refresh function that sets the header itself is no login.
    if (token === undefined || this.#session.scope.isActive) return;
    const current = this.#session.token;
    if (token === null ? this.#isLoggedOut && current === null : token === current) return;
    this.#isLoggedOut = token === null;
    this.#session.login(token === null ? null : { accessToken: token });
  }
}

exports.HeaderLogin = HeaderLogin;
