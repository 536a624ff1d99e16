'use strict';

// `installAuthRefresh` and `setAuthHeaders`, as npm's token-refresh has them.

const { AuthHeader, setDefault } = require('../requests/auth-header.js');
const { Interceptors } = require('../requests/interceptors.js');
const { Log } = require('../log.js');
const { HeaderLogin } = require('../session/login.js');
const { OriginRule } = require('../requests/origins.js');
const { TOKEN_REFRESH } = require('./policies.js');
const { readRefreshOptions } = require('./refresh-options.js');
const { AuthSession } = require('../session/session.js');
const { share } = require('./shared-sessions.js');
const { StoredTokens } = require('../session/stored-tokens.js');

/** Instance → the HeaderLogins that were installed on it. */
const installed = new WeakMap();

/**
 * @param {import('axios').AxiosInstance} api
 * @param {import('../../axios').AuthRefreshOptions} options
 * @returns {{ uninstall(): void }}
 */
function installAuthRefresh(api, options) {
  const own = readRefreshOptions(api, options);
  const log = new Log(own.logger);
  const header = new AuthHeader(api, own.headerName, own.format);
  const source = new StoredTokens(own, header, log);
  const shared = share(own.getTokens, own.setTokens);
  const session = new AuthSession(source, TOKEN_REFRESH, {
    refreshTimeout: own.refreshTimeout,
    share: shared,
  });
  const login = new HeaderLogin(session, header, source.boot(session));
  const interceptors = new Interceptors({
    ...{ api, session, header, policy: TOKEN_REFRESH },
    origins: new OriginRule(api, own.allowedOrigins),
    isExpired: (error) => isExpired(own, log, error),
    before: () => login.look(),
    adopts: (token) => source.adopts(token),
  });
  const all = installed.get(api) ?? new Set();
  installed.set(api, all.add(login));

  return {
    uninstall() {
      if (!all.delete(login)) return;
      interceptors.eject();
      source.retire();
      // A next installation joins a refresh that is under way; two refreshes of one token would end the session.
      if (session.isRefreshing) session.close().then(shared.leave, shared.leave);
      else {
        shared.leave();
        session.close().catch(() => {});
      }
      log.debug('Auth refresher: interceptors ejected');
    },
  };
}

/** The predicate's answer; if it throws, requests keep their own errors and 401 means expired. */
function isExpired({ isSessionExpired }, log, error) {
  const status = error.response?.status ?? 0;
  try {
    return Boolean(isSessionExpired({ status, data: error.response?.data, error }));
  } catch (thrown) {
    log.report(thrown, 'isSessionExpired');
    return status === 401;
  }
}

/**
 * @param {import('axios').AxiosInstance} api
 * @param {string | null} token
 */
function setAuthHeaders(api, token, name = 'Authorization', build = (value) => `Bearer ${value}`) {
  setDefault(api, name, token ? build(token) : null);
  for (const login of installed.get(api) ?? []) login.told(name, token || null);
}

module.exports = { installAuthRefresh, setAuthHeaders };
