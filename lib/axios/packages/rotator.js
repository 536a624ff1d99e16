'use strict';

// `createTokenRotator`, as axios-token-rotator has it.

const { optionalFunction } = require('../../options/check.js');
const { invalidOption, rejectOption } = require('../../errors.js');
const { readTokens } = require('../../tokens.js');
const { CustomToken } = require('../requests/custom-token.js');
const { CookieStore } = require('./cookies.js');
const { Copies } = require('../find-axios.js');
const { EndpointTokens } = require('./endpoint-tokens.js');
const { getHeader, setHeader } = require('../requests/header-bag.js');
const { Interceptors } = require('../requests/interceptors.js');
const { Log } = require('../log.js');
const { OriginRule, urlOf } = require('../requests/origins.js');
const { own } = require('../own-property.js');
const { TOKEN_ROTATOR } = require('./policies.js');
const { bearer, checkInstance, readTimeout } = require('./refresh-options.js');
const { AuthSession } = require('../session/session.js');

const REFRESH_ENDPOINT = '/api/auth/refresh';

/**
 * @param {import('../../axios').TokenRotatorOptions<unknown>} options
 * @returns {import('../../axios').TokenRotatorInstance}
 */
function createTokenRotator(options) {
  const read = readOptions(options);
  const api = read.axiosInstance ?? newInstance(read);
  const source = new EndpointTokens(api, read, new Log(read.logger));
  const session = new AuthSession(source, TOKEN_ROTATOR, { refreshTimeout: read.refreshTimeout });
  source.session = session;
  const endpoint = new Endpoint(api, read.refreshEndpoint);

  // First, because the last request interceptor to run, and the first response interceptor, are those installed first.
  keepCookies(api, endpoint);
  watchEndpoint(api, endpoint, session);
  new Interceptors({
    ...{ api, session, policy: TOKEN_ROTATOR },
    header: new CustomToken(read.applyToken),
    origins: new OriginRule(api, read.allowedOrigins),
    isExpired: ({ response, config }) => response?.status === 401 && !endpoint.is(config),
  });

  return {
    api,
    getAccessToken: () => session.token,
    setAccessToken: (token) => setAccessToken(session, token || null),
  };
}

function setAccessToken(session, token) {
  if (token !== null) {
    // A refresh brings the token that `onRefreshSuccess` returns, also if the callback sets it before.
    if (session.isInside || token === session.token) return;
    checkToken(token);
    session.login({ accessToken: token });
    return;
  }
  // A logout ends a refresh that is under way, even the first one. A refresh that is late has failed already.
  const isWaitedFor = session.isRefreshing && !session.isLate;
  if (session.token !== null || isWaitedFor) session.login(null);
}

/** The refresh endpoint: its origin and path exactly, not every URL that contains it. */
class Endpoint {
  #api;
  #url;

  constructor(api, url) {
    this.#api = api;
    this.#url = url;
  }

  is(config) {
    const url = urlOf(config);
    const own = this.#own;
    return url !== null && own !== null && url.origin === own.origin && url.pathname === own.pathname;
  }

  /** Not stored, because programs set the baseURL late. */
  get origin() {
    return this.#own?.origin;
  }

  get #own() {
    return urlOf({ baseURL: this.#api.defaults.baseURL, url: this.#url });
  }
}

/** Keeps and sends cookies of the endpoint's origin, as a browser would. */
function keepCookies(api, endpoint) {
  const stores = new Map();
  const find = (config) => {
    const url = config && config.withCredentials !== false ? urlOf(config) : null;
    if (url === null || url.origin !== endpoint.origin) return undefined;
    if (!stores.has(url.origin)) stores.set(url.origin, new CookieStore(url.origin));
    return { store: stores.get(url.origin), pathname: url.pathname };
  };
  const take = (answer) => {
    const lines = getHeader(answer?.headers, 'set-cookie');
    const found = lines && find(answer.config);
    if (found) found.store.take(Array.isArray(lines) ? lines : apart(lines), found.pathname);
  };

  api.interceptors.request.use((config) => {
    const found = find(config);
    const value = found?.store.header(found.pathname, getHeader(config.headers, 'cookie'));
    if (value !== undefined) setHeader(config, 'Cookie', value);
    return config;
  });
  api.interceptors.response.use(
    (answer) => {
      take(answer);
      return answer;
    },
    (error) => {
      take(error?.response);
      throw error;
    },
  );
}

/** axios 1.0 joins the lines with commas. A comma within a date is not followed by a name and `=`. */
function apart(lines) {
  return lines.split(/,(?=\s*[^\s;,=]+=)/);
}

/** If the program calls the endpoint itself and that fails, the session ends. */
function watchEndpoint(api, endpoint, session) {
  api.interceptors.response.use(undefined, (error) => {
    const config = error?.config;
    if (config && !session.isInside && session.token !== null && endpoint.is(config)) session.login(null);
    throw error;
  });
}

function readOptions(options) {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', 'an object');
  const read = {};
  for (const name of ['baseURL', 'axiosConfig', 'axiosInstance', 'allowedOrigins', 'logger']) {
    read[name] = own(options, name);
  }
  for (const name of ['onRefreshSuccess', 'onAfterRefresh', 'onRefreshFailed', 'applyToken']) {
    read[name] = optionalFunction(own(options, name), name);
  }
  if (read.onRefreshSuccess === undefined) throw invalidOption('onRefreshSuccess', 'a function');
  if (read.axiosInstance !== undefined) checkInstance(read.axiosInstance, 'axiosInstance');
  read.applyToken ??= (config, token) => setHeader(config, 'Authorization', bearer(token));
  read.refreshEndpoint = own(options, 'refreshEndpoint') ?? REFRESH_ENDPOINT;
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
