'use strict';

// axios-token-rotator's options as a session's source: an endpoint that knows the session by a cookie. Nothing is stored.

class EndpointTokens {
  /** Set as soon as there is one. */
  session;
  report;
  #api;
  #options;
  #log;
  /** The endpoint's last answer. */
  #data;

  constructor(api, options, log) {
    this.#api = api;
    this.#options = options;
    this.#log = log;
    this.report = log.report;
  }

  /** No failure is final, because the program may log in by another cookie without a call of this package. */
  isTerminal() {
    return false;
  }

  async refresh(_refreshToken, signal) {
    const { refreshEndpoint, onRefreshSuccess } = this.#options;
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
}

module.exports = { EndpointTokens };
