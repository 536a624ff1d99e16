'use strict';

// axios-token-rotator's options as a session's source: an endpoint that knows the session by a cookie, and nothing that is
// stored.

class EndpointTokens {
  /** Set as soon as there is one. */
  session;
  report;
  #api;
  #options;
  #log;
  #data;

  constructor(api, options, log) {
    this.#api = api;
    this.#options = options;
    this.#log = log;
    this.report = log.report;
  }

  /** None is for good: the program may log in without saying so, by another cookie. */
  isTerminal() {
    return false;
  }

  /** There is no refresh token to be seen, which leaves room for the login that a rotation was begun for. */
  seal(tokens) {
    return { ...tokens, refreshToken: `login ${this.session?.logins ?? 0}` };
  }

  async refresh(login, signal) {
    const { refreshEndpoint, onRefreshSuccess } = this.#options;
    if (login !== this.seal({}).refreshToken) throw new Error('somebody else is logged in');
    return this.session.inside(async () => {
      const { data } = await this.#api.post(refreshEndpoint, undefined, { signal });
      const accessToken = await onRefreshSuccess(data);
      if (typeof accessToken !== 'string' || accessToken === '') {
        throw new TypeError('onRefreshSuccess must return the new access token');
      }
      this.#data = data;
      return { accessToken };
    });
  }

  rotated() {
    const { onAfterRefresh } = this.#options;
    return this.session.inside(() => this.#log.guarded('onAfterRefresh', onAfterRefresh, this.#data));
  }

  failed(error) {
    this.#log.guarded('onRefreshFailed', this.#options.onRefreshFailed, error);
  }

  using() {}

  loggedIn() {}

  // Nothing is lost for good.

  lost() {}

  async ended() {}

  async reread() {
    return null;
  }
}

module.exports = { EndpointTokens };
