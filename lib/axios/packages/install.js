'use strict';

// `installAuthRefresh` and `setAuthHeaders`, as npm's token-refresh has them.

const { AuthHeader, setDefault } = require('../requests/auth-header.js');
const { Interceptors } = require('../requests/interceptors.js');
const { Log } = require('../log.js');
const { HeaderLogin } = require('../session/login.js');
const { OriginRule } = require('../requests/origins.js');
const { readRefreshOptions } = require('./refresh-options.js');
const { AuthSession } = require('../session/session.js');
const { SharedStorage } = require('../session/shared-storage.js');
const { StoredTokens } = require('../session/stored-tokens.js');

/** @type {import('../session/session.js').Policy} */
const POLICY = { explicitHeader: 'kept', failedRefresh: 'keeps', beginner: 'first', hookAfter: 'told' };

/** Instance → the HeaderLogins that were installed on it. */
const installed = new WeakMap();

/** @type {typeof import('../../../axios').installAuthRefresh} */
function installAuthRefresh(api, options) {
  const own = readRefreshOptions(api, options);
  const log = new Log(own.logger);
  const header = new AuthHeader(api, own.headerName, own.format);
  const share = SharedStorage.of(own.getTokens, own.setTokens);
  share.enter();
  const source = new StoredTokens(own, header, log, share);
  const session = new AuthSession(source, POLICY, { refreshTimeout: own.refreshTimeout, share });
  const login = new HeaderLogin(session, header, source.boot(session));
  const origins = new OriginRule(api, own.allowedOrigins);
  const interceptors = new Interceptors({
    ...{ api, session, header, origins, policy: POLICY },
    isExpired: (error) => isExpired(own, log, error),
    judges: own.judges,
    before: () => login.look(),
    adopts: async (config) => origins.trusts(config) && source.adopts(header.token(config)),
  });
  const all = installed.get(api) ?? new Set();
  installed.set(api, all.add(login));

  return {
    uninstall() {
      if (!all.delete(login)) return;
      interceptors.eject();
      source.retire();
      // A next installation joins a refresh that is under way; two refreshes of one token would end the session.
      const { isRefreshing } = session;
      const closed = session.close().catch(() => {});
      if (isRefreshing) closed.then(() => share.leave());
      else share.leave();
      log.say('debug', 'Auth refresher: interceptors ejected');
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

/** @type {typeof import('../../../axios').setAuthHeaders} */
function setAuthHeaders(api, token, name = 'Authorization', build = (value) => `Bearer ${value}`) {
  setDefault(api, name, token ? build(token) : null);
  for (const login of installed.get(api) ?? []) login.told(name, token || null);
}

module.exports = { installAuthRefresh, setAuthHeaders };
