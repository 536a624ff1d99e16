'use strict';

// Who is logged in, as programs show it: token-refresh knows no login and no logout, only a default header that is set or
// taken away.

class Login {
  #session;
  #header;
  #patience;
  /** Until the storage has been read once, nobody can tell whether a token is the one in it. */
  #boot;
  #isLoggedOut = false;

  constructor(session, header, boot, patience) {
    this.#session = session;
    this.#header = header;
    this.#patience = patience;
    this.#boot = boot.then(() => (this.#boot = undefined));
  }

  /** Before a request is made. Undefined if there was nothing to wait for. */
  look() {
    if (this.#boot !== undefined) return this.#booted().then(() => this.look());
    this.#take(this.#header.edited());
    return undefined;
  }

  /** `setAuthHeaders` was called; `token` is null to log out. */
  told(name, token) {
    if (!this.#header.isNamed(name)) return;
    // Whether a token is news shows when the storage has been read; that nobody is logged in is news at once.
    if (this.#boot !== undefined && token !== null) return;
    const edited = this.#header.edited();
    this.#take(token === null ? null : edited);
  }

  #take(token) {
    // A refresh function that sets the header itself logs nobody in.
    if (token === undefined || this.#session.isInside) return;
    if (token === null ? this.#isLoggedOut && this.#session.token === null : token === this.#session.token)
      return;
    this.#isLoggedOut = token === null;
    this.#session.login(token === null ? null : { accessToken: token });
  }

  /** A storage that never answers is waited for once. */
  async #booted() {
    let timer;
    const patience = new Promise((resolve) => (timer = setTimeout(resolve, this.#patience)));
    await Promise.race([this.#boot, patience]);
    clearTimeout(timer);
    this.#boot = undefined;
  }
}

module.exports = { Login };
