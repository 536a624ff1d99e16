'use strict';

// Rows R1 to R21 of axios-token-rotator's behaviour, and its bugs B25 and B26. The package is not to be had, so that
// only ours can be asked; R21 is in ../types.

const axios = require('axios');
const { createTokenRotator } = require('../../lib/axios.js');
const { startCookieServer } = require('./support/cookie-server.js');
const { settled, until } = require('./support/turns.js');
const { OURS } = require('./support/ways.js');
const { deferred, failure, outcomes } = require('./support/wiring.js');

jest.setTimeout(30_000);

describe.each(OURS)('%s', (_name, way) => {
  let server;
  beforeEach(async () => (server = await startCookieServer()));
  afterEach(async () => {
    expect(server.reuses).toBe(0);
    await server.close();
  });

  /** `steps`: the callbacks in the order of their calls. */
  function rotator(options = {}) {
    const adapter = way.adapter(server);
    const steps = [];
    const made = createTokenRotator({
      baseURL: server.url,
      onRefreshSuccess: (data) => {
        steps.push('onRefreshSuccess');
        return data.accessToken;
      },
      onRefreshFailed: () => steps.push('onRefreshFailed'),
      ...options,
      axiosConfig: { ...(adapter && { adapter }), ...options.axiosConfig },
    });
    return { ...made, steps };
  }

  /** Logged in, by cookie and token. */
  async function loggedIn(options) {
    const made = rotator(options);
    const { data } = await made.api.post('/login');
    made.setAccessToken(data.accessToken);
    return made;
  }

  const sent = ({ data }) => data.authorization;

  test('R1: baseURL is the instance’s', async () => {
    const { api } = rotator();
    expect(api.defaults.baseURL).toBe(server.url);
    expect((await api.get('/public/a')).status).toBe(200);
  });

  test('R2: an instance of the caller’s is used as it is', async () => {
    const adapter = way.adapter(server);
    const axiosInstance = axios.create({ baseURL: server.url, ...(adapter && { adapter }) });
    const { api, setAccessToken } = createTokenRotator({
      axiosInstance,
      baseURL: 'http://unused.invalid',
      axiosConfig: { timeout: 1 },
      onRefreshSuccess: (data) => data.accessToken,
    });
    expect(api).toBe(axiosInstance);
    expect(api.defaults).toMatchObject({ baseURL: server.url, timeout: 0 });
    setAccessToken('abc');
    expect(sent(await api.get('/public/a'))).toBe('Bearer abc');
  });

  test('R3: axiosConfig wins over what the instance is made with', () => {
    const { api } = rotator({ axiosConfig: { baseURL: 'http://other.invalid', headers: { 'x-a': '1' } } });
    expect(api.defaults).toMatchObject({ baseURL: 'http://other.invalid', withCredentials: true });
    expect(rotator({ axiosConfig: { withCredentials: false } }).api.defaults.withCredentials).toBe(false);
  });

  test('R4: the endpoint is POSTed without a body, with the old token and the cookie', async () => {
    const { api, getAccessToken } = await loggedIn();
    const old = getAccessToken();
    server.expire();
    expect((await api.get('/api/orders')).status).toBe(200);
    expect(server.to('/api/auth/refresh')).toEqual([
      {
        ...{ method: 'POST', path: '/api/auth/refresh', body: '', status: 200 },
        authorization: `Bearer ${old}`,
        cookie: expect.stringMatching(/^rt=[\w-]+; seen=1$/),
      },
    ]);
  });

  test('R4: a cookie that rotates is kept', async () => {
    const { api } = await loggedIn();
    for (let time = 1; time <= 3; time += 1) {
      server.expire();
      expect((await api.get('/api/orders')).status).toBe(200);
      expect(server.refreshes).toBe(time);
    }
    // It is for the endpoint only.
    expect(server.to('/api/orders').map(({ cookie }) => cookie)).toEqual(Array(6).fill('seen=1'));
  });

  test('R4: another endpoint', async () => {
    const { api, setAccessToken } = rotator({ refreshEndpoint: '/v2/token' });
    const { cookie, accessToken } = server.login();
    setAccessToken(accessToken);
    api.defaults.headers.common.Cookie = `rt=${cookie}`;
    server.expire();
    expect((await api.get('/api/orders')).status).toBe(200);
    expect(server.to('/v2/token').length).toBe(1);
  });

  test('R5: an error of the endpoint is its caller’s and ends the session', async () => {
    const { api, getAccessToken, steps } = await loggedIn();
    server.answer(500);
    expect((await failure(api.post('/api/auth/refresh'))).response.status).toBe(500);
    expect(getAccessToken()).toBe(null);
    server.answer(401);
    expect((await failure(api.post('/api/auth/refresh'))).response.status).toBe(401);
    expect(server.asked).toBe(2);
    expect(steps).toEqual([]);
  });

  test('B26: a URL that the endpoint is a part of is another one', async () => {
    const { api, getAccessToken } = await loggedIn();
    server.expire();
    expect((await api.get('/api/auth/refresh-history')).status).toBe(200);
    const params = { from: '/api/auth/refresh' };
    expect((await failure(api.get('/status/404', { params }))).response.status).toBe(404);
    expect((await failure(api.get('/status/404?from=/api/auth/refresh'))).response.status).toBe(404);
    expect(getAccessToken()).not.toBe(null);
  });

  test('R6: what onRefreshSuccess resolves to is the token', async () => {
    const { api, getAccessToken } = await loggedIn({
      onRefreshSuccess: async (data) => {
        await settled();
        return data.accessToken;
      },
    });
    server.expire();
    const { data } = await api.get('/api/orders');
    expect(data.authorization).toBe(`Bearer ${getAccessToken()}`);
  });

  test('R6: an onRefreshSuccess that throws is a refresh that failed', async () => {
    const refused = new Error('not this one');
    const { api, steps } = await loggedIn({ onRefreshSuccess: () => Promise.reject(refused) });
    server.expire();
    expect(await failure(api.get('/api/orders'))).toBe(refused);
    expect(steps).toEqual(['onRefreshFailed']);
  });

  test.each([undefined, null, '', 7])('B26: %p is no token', async (value) => {
    const { api, getAccessToken } = await loggedIn({ onRefreshSuccess: () => value });
    server.expire();
    expect(await failure(api.get('/api/orders'))).toMatchObject({
      message: 'onRefreshSuccess must return the new access token',
    });
    expect(getAccessToken()).toBe(null);
    expect(sent(await api.get('/public/a'))).toBe(undefined);
  });

  test('R7: onAfterRefresh is awaited after the token is set and before anything is replayed', async () => {
    const gate = deferred();
    const seen = [];
    const made = await loggedIn({
      onAfterRefresh: async (data) => {
        seen.push([data.wsToken, made.getAccessToken() === data.accessToken]);
        await gate.promise;
      },
    });
    server.expire();
    const request = made.api.get('/api/orders');
    await until(() => seen.length === 1);
    await settled();
    expect(seen).toEqual([['ws 1', true]]);
    expect(server.to('/api/orders').length).toBe(1);
    gate.resolve();
    expect((await request).status).toBe(200);
  });

  test('R7: it may use the instance', async () => {
    const made = await loggedIn({
      onAfterRefresh: async () => {
        expect((await made.api.get('/api/me')).status).toBe(200);
        made.steps.push('asked');
      },
    });
    server.expire();
    expect((await made.api.get('/api/orders')).status).toBe(200);
    expect(made.steps).toEqual(['onRefreshSuccess', 'asked']);
  });

  test('B26: an onAfterRefresh that throws logs nobody out', async () => {
    const errors = [];
    const { api, getAccessToken, steps } = await loggedIn({
      onAfterRefresh: () => {
        throw new Error('a bug in it');
      },
      logger: { debug() {}, error: (...line) => errors.push(line) },
    });
    server.expire();
    expect((await api.get('/api/orders')).status).toBe(200);
    expect(getAccessToken()).not.toBe(null);
    expect(steps).toEqual(['onRefreshSuccess']);
    expect(errors).toEqual([['onAfterRefresh threw:', expect.objectContaining({ message: 'a bug in it' })]]);
  });

  /** So many requests that are rejected before a refresh is answered; `work` is done in between. */
  async function storm({ api }, names, work = () => {}) {
    const gate = deferred();
    const { asked } = server;
    server.hold(gate.promise);
    server.expire();
    const requests = names.map((name) => api.get(`/api/${name}`));
    await until(() => server.requests.filter(({ status }) => status === 401).length >= names.length);
    await until(() => server.asked > asked);
    await settled();
    work();
    gate.resolve();
    return outcomes(requests);
  }

  test('R8, R10: when a refresh fails, the token is gone, and onRefreshFailed is called once with the error', async () => {
    const failed = [];
    const made = await loggedIn({
      onRefreshFailed: (error) => failed.push([error, made.getAccessToken()]),
    });
    server.answer(503);
    const errors = await storm(made, ['a', 'b', 'c']);
    expect(failed).toEqual([[errors[0], null]]);
    expect(errors.map(({ response }) => response.status)).toEqual([503, 503, 503]);
    expect(made.getAccessToken()).toBe(null);
  });

  test('R8: an onRefreshFailed that throws gives nobody another error', async () => {
    const made = await loggedIn({
      onRefreshFailed: () => {
        throw new Error('a bug in it');
      },
      logger: { debug() {}, error() {} },
    });
    server.answer(503);
    server.expire();
    expect((await failure(made.api.get('/api/orders'))).response.status).toBe(503);
  });

  test('R9: the order; who began the refresh is replayed last', async () => {
    const adapter = way.adapter(server);
    const axiosInstance = axios.create({ baseURL: server.url, ...(adapter && { adapter }) });
    const steps = [];
    axiosInstance.interceptors.response.use(undefined, (error) => {
      steps.push(`401 ${error.config.url}`);
      throw error;
    });
    const made = await loggedIn({
      axiosInstance,
      onRefreshSuccess: (data) => (steps.push('onRefreshSuccess'), data.accessToken),
      onAfterRefresh: () => steps.push('onAfterRefresh'),
    });
    axiosInstance.interceptors.request.use((config) => (steps.push(config.url), config));
    const [others, refresh] = [deferred(), deferred()];
    server.holdRequests(others.promise);
    server.hold(refresh.promise);
    const requests = ['/api/held/a', '/api/held/b'].map((url) => made.api.get(url));
    await until(() => server.arrived.filter((path) => path.startsWith('/api/held/')).length === 2);
    server.expire();
    requests.push(made.api.get('/api/leader'));
    await until(() => server.asked === 1);
    others.resolve();
    await until(() => steps.filter((step) => step.startsWith('401')).length === 3);
    refresh.resolve();
    expect(await outcomes(requests)).toEqual([200, 200, 200]);
    const [leader, ...followers] = steps
      .filter((step) => step.startsWith('401'))
      .map((step) => step.slice(4));
    expect(leader).toBe('/api/leader');
    const after = steps.slice(steps.indexOf('onRefreshSuccess'));
    expect(after.slice(0, 2)).toEqual(['onRefreshSuccess', 'onAfterRefresh']);
    expect(after.slice(2, 4).sort()).toEqual(followers.sort());
    expect(after.slice(4)).toEqual([leader]);
  });

  test('R11: applyToken puts the token where it belongs, on each sending', async () => {
    const applied = [];
    const { api, getAccessToken } = await loggedIn({
      applyToken: (config, token) => {
        applied.push(token);
        config.headers['X-Auth-Token'] = token;
        config.headers.Authorization = `Bearer ${token}`;
      },
    });
    const old = getAccessToken();
    server.expire();
    const { data } = await api.get('/api/orders');
    expect(data.headers['x-auth-token']).toBe(getAccessToken());
    // The request, the refresh, the replay.
    expect(applied).toEqual([old, old, getAccessToken()]);
  });

  test('R11: a header that applyToken sets does not follow a redirect to another host', async () => {
    const other = await startCookieServer();
    const adapter = way.adapter(server, other);
    server.elsewhere = `${other.url}/public/a`;
    const made = rotator({
      applyToken: (config, token) => (config.headers['X-Auth-Token'] = token),
      axiosConfig: { ...(adapter && { adapter }) },
    });
    made.setAccessToken('abc');
    expect((await made.api.get('/public/a')).data.headers['x-auth-token']).toBe('abc');
    expect((await made.api.get('/redirect')).data.headers['x-auth-token']).toBe(undefined);
    await other.close();
  });

  test('R12: a header of the request is replaced while there is a token', async () => {
    const { api, setAccessToken } = rotator();
    const headers = { Authorization: 'Basic eDp5' };
    expect(sent(await api.get('/public/a', { headers }))).toBe('Basic eDp5');
    setAccessToken('abc');
    expect(sent(await api.get('/public/a', { headers }))).toBe('Bearer abc');
  });

  test('R13: the token is there at once, and gone at once', async () => {
    const { api, getAccessToken, setAccessToken } = rotator();
    expect(getAccessToken()).toBe(null);
    setAccessToken('abc');
    expect(getAccessToken()).toBe('abc');
    expect(sent(await api.get('/public/a'))).toBe('Bearer abc');
    setAccessToken(null);
    expect(getAccessToken()).toBe(null);
    expect(sent(await api.get('/public/a'))).toBe(undefined);
    expect(() => setAccessToken('a b')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  });

  test('R13, B10: a logout during a refresh is not undone by it', async () => {
    const made = await loggedIn();
    const [outcome] = await storm(made, ['a'], () => made.setAccessToken(null));
    expect(outcome.response.status).toBe(401);
    await settled();
    expect(made.getAccessToken()).toBe(null);
    expect(sent(await made.api.get('/public/a'))).toBe(undefined);
  });

  test('R13: also during the first one', async () => {
    const made = rotator();
    await made.api.post('/login');
    const [outcome] = await storm(made, ['a'], () => made.setAccessToken(null));
    expect(outcome.response.status).toBe(401);
    await settled();
    expect(made.getAccessToken()).toBe(null);
  });

  test('R13: a callback that sets what it returns ends nothing', async () => {
    const made = await loggedIn({
      onRefreshSuccess: (data) => {
        made.setAccessToken(data.accessToken);
        return data.accessToken;
      },
      onAfterRefresh: (data) => made.setAccessToken(data.accessToken),
    });
    server.expire();
    expect((await made.api.get('/api/orders')).status).toBe(200);
  });

  test.each([403, 500])('R14: %i is the caller’s', async (status) => {
    const { api, steps } = await loggedIn();
    expect((await failure(api.get(`/status/${status}`))).response.status).toBe(status);
    expect(steps).toEqual([]);
  });

  test('R14: a 401 refreshes even if no token was ever set', async () => {
    const { api, getAccessToken } = rotator();
    await api.post('/login');
    expect((await api.get('/api/orders')).status).toBe(200);
    expect(getAccessToken()).not.toBe(null);
    expect(server.refreshes).toBe(1);
  });

  test('R14: and after one that failed, when its pause is over', async () => {
    const made = rotator({ onRefreshFailed: () => made.setAccessToken(null) });
    expect((await failure(made.api.get('/api/orders'))).response.data).toEqual({ error: 'no session' });
    await made.api.post('/login');
    let outcome;
    do [outcome] = await outcomes([made.api.get('/api/orders')]);
    while (outcome !== 200);
    expect(server.to('/api/auth/refresh').length).toBe(2);
  });

  test('R15: any number of 401s make one refresh', async () => {
    const made = await loggedIn();
    const names = Array.from({ length: 20 }, (_, at) => `${at}`);
    expect(await storm(made, names)).toEqual(Array(20).fill(200));
    expect(server.refreshes).toBe(1);
  });

  test('R16: a server that always says 401 gets the request twice and one refresh', async () => {
    const { api } = await loggedIn();
    expect((await failure(api.get('/status/401'))).response.status).toBe(401);
    expect([server.to('/status/401').length, server.refreshes]).toEqual([2, 1]);
  });

  test('R17, B26: a late 401 for an older token makes no second refresh', async () => {
    const made = await loggedIn();
    const gate = deferred();
    server.holdRequests(gate.promise);
    const late = made.api.get('/api/held/late');
    await until(() => server.arrived.includes('/api/held/late'));
    server.expire();
    await made.api.get('/api/orders');
    gate.resolve();
    expect((await late).status).toBe(200);
    expect(server.to('/api/held/late').map(({ status }) => status)).toEqual([401, 200]);
    expect(server.refreshes).toBe(1);
  });

  test('R18, B23: a request made during a refresh waits for its token', async () => {
    const made = await loggedIn();
    const gate = deferred();
    server.hold(gate.promise);
    server.expire();
    const first = made.api.get('/api/first');
    await until(() => server.asked === 1);
    const second = made.api.get('/api/second');
    await settled();
    gate.resolve();
    expect(await outcomes([first, second])).toEqual([200, 200]);
    expect(server.to('/api/second').map(({ status }) => status)).toEqual([200]);
  });

  test('R19: the refresh’s error is everybody’s', async () => {
    const made = await loggedIn();
    server.answer(503);
    const errors = await storm(made, ['a', 'b']);
    expect(new Set(errors).size).toBe(1);
    expect(errors[0].config.url).toBe('/api/auth/refresh');
  });

  test('R20, B25: a refresh that hangs holds nobody up for longer than refreshTimeout', async () => {
    const gate = deferred();
    const failed = [];
    const made = await loggedIn({ refreshTimeout: 40, onRefreshFailed: (error) => failed.push(error) });
    server.hold(gate.promise);
    server.expire();
    const error = await failure(made.api.get('/api/orders'));
    expect(error).toMatchObject({ name: 'RefreshTimeoutError', message: 'Refresh timeout' });
    expect(failed).toEqual([error]);
    expect(made.getAccessToken()).toBe(null);
    // What it brings is not lost.
    gate.resolve();
    await until(() => made.getAccessToken() !== null);
    let outcome;
    do [outcome] = await outcomes([made.api.get('/api/orders')]);
    while (outcome.name === 'RefreshTimeoutError');
    expect(outcome).toBe(200);
    expect(server.refreshes).toBe(1);
  });

  test('R20, B20: who aborts while waiting is told at once', async () => {
    const made = await loggedIn();
    const gate = deferred();
    server.hold(gate.promise);
    server.expire();
    const controller = new AbortController();
    const aborted = failure(made.api.get('/api/orders', { signal: controller.signal }));
    const other = made.api.get('/api/other');
    await until(() => server.requests.filter(({ status }) => status === 401).length === 2);
    await settled();
    await settled();
    controller.abort();
    expect(await aborted).toMatchObject({ code: 'ERR_CANCELED' });
    gate.resolve();
    expect((await other).status).toBe(200);
  });

  test('a token does not go to another host', async () => {
    const other = await startCookieServer();
    const adapter = way.adapter(server, other);
    const made = rotator({ axiosConfig: { ...(adapter && { adapter }) } });
    await made.api.post('/login');
    made.setAccessToken('abc');
    const { data } = await made.api.get(`${other.url}/public/a`);
    expect([data.authorization, data.cookie]).toEqual([undefined, undefined]);
    await other.close();
  });
});
