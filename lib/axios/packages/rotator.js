'use strict';

// `createTokenRotator`, as axios-token-rotator has it.

const { optionalFunction, own } = require('../../options/check.js');
const { invalidOption, rejectOption } = require('../../errors.js');
const { readTokens } = require('../../tokens.js');
const { CustomToken } = require('../requests/custom-token.js');
const { CookieStore } = require('./cookies.js');
const { Copies } = require('../find-axios.js');
const { getHeader, setHeader } = require('../requests/header-bag.js');
const { Interceptors } = require('../requests/interceptors.js');
const { Log } = require('../log.js');
const { OriginRule, urlOf } = require('../requests/origins.js');
const { bearer, checkInstance, readTimeout } = require('./refresh-options.js');
const { AuthSession } = require('../session/session.js');

/** @type {import('../session/session.js').Policy} */
const POLICY = {
  explicitHeader: 'replaced',
  failedRefresh: 'clears',
  beginner: 'last',
  hookAfter: 'awaited',
};

/** @type {typeof import('../../../axios').createTokenRotator} */
function createTokenRotator(options) {
  const read = readOptions(options);
  const api = read.axiosInstance ?? newInstance(read);
  const session = new AuthSession(
    endpointTokens(api, read, () => session),
    POLICY,
    read,
  );
  // Not stored, because programs set the baseURL late.
  const endpoint = () => urlOf({ baseURL: api.defaults.baseURL, url: read.refreshEndpoint });

  // First, because the last request interceptor to run, and the first response interceptor, are those installed first.
  watchEndpoint(api, endpoint, session);
  new Interceptors({
    ...{ api, session, policy: POLICY },
    header: new CustomToken(read.applyToken),
    origins: new OriginRule(api, read.allowedOrigins),
    isExpired: ({ response, config }) => response?.status === 401 && !isSamePage(urlOf(config), endpoint()),
  });

  return {
    api,
    getAccessToken: () => session.token,
    setAccessToken: (token) => setAccessToken(session, token || null),
  };
}

/**
 * An endpoint that knows the session by a cookie. Nothing is stored. No failure is final, because the program may log in by
 * another cookie without a call of this package.
 * @returns {import('../session/refresh-callbacks.js').TokenSource}
 */
function endpointTokens(
  api,
  { refreshEndpoint, onRefreshSuccess, onAfterRefresh, onRefreshFailed, logger },
  session,
) {
  const log = new Log(logger);
  let data;
  return {
    report: log.report,
    isTerminal: () => false,
    refresh: (_refreshToken, signal) =>
      session().scope.run(async () => {
        const answer = await api.post(refreshEndpoint, undefined, { signal });
        const accessToken = await onRefreshSuccess(answer.data);
        if (typeof accessToken !== 'string' || accessToken === '') {
          throw new TypeError('onRefreshSuccess must return the new access token');
        }
        data = answer.data;
        return { accessToken };
      }),
    rotated: () => session().scope.run(() => log.guarded('onAfterRefresh', onAfterRefresh, data)),
    failed: (error) => log.guarded('onRefreshFailed', onRefreshFailed, error),
  };
}

function setAccessToken(session, token) {
  if (token !== null) {
    // A refresh brings the token that `onRefreshSuccess` returns, also if the callback sets it before.
    if (session.scope.isActive || token === session.token) return;
    checkToken(token);
    session.login({ accessToken: token });
    return;
  }
  // A logout ends a refresh that is under way, even the first one. A refresh that is late has failed already.
  const isWaitedFor = session.isRefreshing && !session.isLate;
  if (session.token !== null || isWaitedFor) session.login(null);
}

/** Origin and path exactly, so that the endpoint is not every URL that contains it. */
function isSamePage(url, other) {
  return url !== null && url.origin === other?.origin && url.pathname === other.pathname;
}

/**
 * Keeps and sends cookies of the endpoint's origin, as a browser would. If the program calls the endpoint itself and that
 * fails, the session ends.
 */
function watchEndpoint(api, endpoint, session) {
  /** By origin. @type {Map<string, CookieStore>} */
  const stores = new Map();
  const find = (config) => {
    const url = config && config.withCredentials !== false ? urlOf(config) : null;
    if (url === null || url.origin !== endpoint()?.origin) return undefined;
    const store = stores.get(url.origin) ?? new CookieStore(url.origin);
    stores.set(url.origin, store);
    return { store, pathname: url.pathname };
  };
  const take = (answer) => {
    const lines = getHeader(answer?.headers, 'set-cookie');
    const found = lines && find(answer.config);
    if (found) found.store.take(Array.isArray(lines) ? lines : apart(lines), found.pathname);
    return answer;
  };

  api.interceptors.request.use((config) => {
    const found = find(config);
    const value = found?.store.header(found.pathname, getHeader(config.headers, 'cookie'));
    if (value !== undefined) setHeader(config, 'Cookie', value);
    return config;
  });
  api.interceptors.response.use(take, (error) => {
    const { config, response } = error ?? {};
    take(response);
    if (
      config &&
      !session.scope.isActive &&
      session.token !== null &&
      isSamePage(urlOf(config), endpoint())
    ) {
      session.login(null);
    }
    throw error;
  });
}

/** axios 1.0 joins the lines with commas. A comma within a date is not followed by a name and `=`. */
function apart(lines) {
  return lines.split(/,(?=\s*[^\s;,=]+=)/);
}

function readOptions(options) {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', 'an object');
  const read = /** @type {any} */ ({});
  for (const name of ['baseURL', 'axiosConfig', 'axiosInstance', 'allowedOrigins', 'logger']) {
    read[name] = own(options, name);
  }
  for (const name of ['onRefreshSuccess', 'onAfterRefresh', 'onRefreshFailed', 'applyToken']) {
    read[name] = optionalFunction(own(options, name), name);
  }
  if (read.onRefreshSuccess === undefined) throw invalidOption('onRefreshSuccess', 'a function');
  if (read.axiosInstance !== undefined) checkInstance(read.axiosInstance, 'axiosInstance');
  read.applyToken ??= (config, token) => setHeader(config, 'Authorization', bearer(token));
  read.refreshEndpoint = own(options, 'refreshEndpoint') ?? '/api/auth/refresh';
  read.refreshTimeout = readTimeout(own(options, 'refreshTimeout'));
  return read;
}

function newInstance({ baseURL, axiosConfig }) {
  let axios;
  try {
    axios = new Copies().any;
  } catch (cause) {
    throw rejectOption('axios was not found from here: pass axiosInstance', cause);
  }
  return axios.create({ baseURL, withCredentials: true, ...axiosConfig });
}

function checkToken(token) {
  try {
    readTokens({ accessToken: token }, 'login');
  } catch (error) {
    throw rejectOption(error.message, error);
  }
}

module.exports = { createTokenRotator };
