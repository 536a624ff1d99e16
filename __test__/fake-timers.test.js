'use strict';

// Fake timers and a mocked Date. The engine keeps its own time, and lib has the real timers (lib/clock.js), so that neither hangs a
// request nor ends a token. No test here moves the fake clock.

const axios = require('axios');
const undici = require('undici');
const { TokenClient } = require('../index.js');
const { axiosAdapter, createTokenRotator, installAuthRefresh } = require('../lib/axios.js');
const { tokenInterceptor } = require('../lib/undici.js');
const CLOCK = require('../lib/clock.js');
const { startCookieServer } = require('./axios/support/cookie-server.js');
const { clientFor, closeServers, serve: serveRequests, serveRaw } = require('./requests/servers.js');
const { useHarness } = require('./support/harness.js');

// Before that of the harness, which takes turns of the event loop.
afterEach(() => jest.useRealTimers());
const { serve, client } = useHarness();
afterEach(closeServers);

const YEAR = 365 * 24 * 3_600_000;

/** All that jest can fake, `nextTick` and `queueMicrotask` too. */
const fakeAll = () => jest.useFakeTimers();

test.each([
  ['the own transport', {}],
  ['a fetch', { transport: { fetch: (url, init) => fetch(url, init) } }],
])('a rotation over %s serves every request', async (_name, options) => {
  const server = await serve();
  const one = client(server, { tokens: server.login(), ...options });
  fakeAll();
  server.expire();
  const answers = await Promise.all(Array.from({ length: 20 }, () => one.get('/api/orders')));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
});

describe('axios', () => {
  test('the request that began a rotation goes on after the others', async () => {
    const server = await startCookieServer();
    const { api, setAccessToken } = createTokenRotator({
      baseURL: server.url,
      onRefreshSuccess: (data) => data.accessToken,
    });
    setAccessToken((await api.post('/login')).data.accessToken);
    server.expire();
    fakeAll();
    const answers = await Promise.all(Array.from({ length: 3 }, () => api.get('/api/orders')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(server.refreshes).toBe(1);
    await server.close();
  });

  /** An instance whose token has expired. */
  async function expired(options) {
    const server = await serve();
    const tokens = server.login();
    const api = axios.create({ baseURL: server.url });
    const wired = {
      getTokens: () => tokens,
      setTokens() {},
      isSessionExpired: ({ status }) => status === 401,
      isRefreshFailureTerminal: () => true,
    };
    const { uninstall } = installAuthRefresh(api, { ...wired, ...options });
    server.expire();
    return { api, uninstall };
  }

  test('a time limit ends a request that waits for a rotation', async () => {
    let refreshing, release;
    const begun = new Promise((resolve) => (refreshing = resolve));
    const refresh = () => {
      refreshing();
      return new Promise((_resolve, reject) => (release = () => reject(new Error('gone'))));
    };
    const { api, uninstall } = await expired({ refresh });
    fakeAll();
    const first = api.get('/api/orders').catch(({ message }) => message);
    await begun;
    await expect(api.get('/api/orders', { timeout: 20 })).rejects.toMatchObject({ code: 'ECONNABORTED' });
    release();
    expect(await first).toBe('gone');
    uninstall();
  });

  test('a logout that never ends holds a request for `refreshTimeout` only', async () => {
    const refresh = () => Promise.reject(new Error('gone'));
    const { api, uninstall } = await expired({
      refresh,
      logout: () => new Promise(() => {}),
      refreshTimeout: 200,
    });
    fakeAll();
    await expect(api.get('/api/orders')).rejects.toThrow();
    uninstall();
  });

  test('progress is told of while a body arrives', async () => {
    let answer;
    const server = await serveRequests((_request, response) => {
      answer = response;
      response.write('one');
    });
    const instance = axios.create({ adapter: axiosAdapter(clientFor(server)) });
    const arrived = [];
    let whole;
    const all = new Promise((resolve) => (whole = resolve));
    const onDownloadProgress = ({ loaded }) => {
      arrived.push(loaded);
      if (loaded === 6) whole();
    };
    fakeAll();
    const { data } = await instance.get(server.url, { responseType: 'stream', onDownloadProgress });
    data.once('data', () => answer.write('two'));
    data.resume();
    await all;
    expect(arrived).toEqual([3, 6]);
    data.destroy();
  });
});

test('a Request whose body waits until its head has arrived is sent', async () => {
  let arrived;
  const head = new Promise((resolve) => (arrived = resolve));
  const server = await serveRaw((socket) => {
    arrived();
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
  });
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(Buffer.from('first')),
    async pull(controller) {
      await head;
      controller.close();
    },
  });
  const request = new Request(server.url, { method: 'POST', body, duplex: 'half' });
  fakeAll();
  expect((await clientFor(server).fetch(request)).status).toBe(200);
});

test('undici: the rest of a 401 that never ends does not keep the connection', async () => {
  const server = await serveRequests(({ headers }, response) => {
    if (headers.authorization === 'Bearer second') return response.end('done');
    response.writeHead(401).write('the rest never comes');
  });
  const one = clientFor(server, { refresh: () => ({ accessToken: 'second' }) });
  const pool = new undici.Client(server.url);
  // undici itself needs the others.
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  const dispatcher = pool.compose(tokenInterceptor(one));
  const { statusCode, body } = await undici.request(server.url, { dispatcher });
  expect([statusCode, await body.text()]).toEqual([200, 'done']);
  await pool.destroy();
});

describe('the test server', () => {
  test('latencies and delays end', async () => {
    const server = await serve({ latency: 5, apiLatency: 5 });
    server.fault({ at: 'api', kind: 'delay', delay: 5 });
    const one = client(server, { tokens: server.login() });
    fakeAll();
    server.expire();
    expect((await one.get('/api/orders')).status).toBe(200);
  });

  test('waitFor gives up', async () => {
    const server = await serve();
    fakeAll();
    await expect(server.waitFor(() => false, { timeout: 5 })).rejects.toThrow('not within 5 ms');
  });

  test('a Date of another year ends none of its tokens', async () => {
    const server = await serve();
    jest.useFakeTimers({ now: Date.now() - YEAR });
    const tokens = server.login();
    const one = client(server, { tokens });
    jest.setSystemTime(Date.now() + 2 * YEAR);
    expect((await one.get('/api/orders')).status).toBe(200);
    expect(tokens.expiresAt).toBeGreaterThan(CLOCK.now());
    expect(server.ledger.counts).toMatchObject({ refreshes: 0, rejected: 0 });
  });
});

test('a Date that is moved by a year ends no token', async () => {
  const refresh = jest.fn();
  const transport = { fetch: async () => new Response('{}') };
  const accessToken = 'access';
  const one = new TokenClient({
    baseURL: 'https://api.example.com',
    tokens: { accessToken, refreshToken: 'refresh', expiresAt: Date.now() + 3_600_000 },
    ...{ refresh, transport },
  });
  expect(await one.getAccessToken()).toBe(accessToken);
  jest.useFakeTimers({ now: Date.now() + YEAR });
  expect((await one.get('/orders')).status).toBe(200);
  expect(await one.getAccessToken()).toBe(accessToken);
  expect(refresh).not.toHaveBeenCalled();
  await one.close();
});

describe('a clock that is loaded when timers are fake already, as with `enableGlobally`', () => {
  test('is the real one', async () => {
    const real = Date.now();
    jest.useFakeTimers({ now: 0 });
    jest.resetModules();
    const clock = require('../lib/clock.js');
    expect(Math.abs(clock.now() - real)).toBeLessThan(YEAR);
    await new Promise((resolve) => clock.setTimeout(resolve, 1));
    await new Promise((resolve) => clock.setImmediate(resolve));
    await new Promise((resolve) => clock.soon(resolve));
  });
});
