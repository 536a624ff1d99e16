'use strict';

// Requests that bring an auth header: a placeholder gives way to the token, any other header stays, and one warning tells of that.

const axios = require('axios');
const { request } = require('undici');
const { PLACEHOLDER } = require('../..');
const { axiosAdapter, installAuthRefresh } = require('../../lib/axios.js');
const { useDispatchers } = require('../undici/dispatchers.js');
const { clientFor, closeServers, failure, serve, serveExpired } = require('./servers.js');

const { keep, through } = useDispatchers();
const { Client } = require('undici');

let warn;
beforeEach(() => (warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})));
afterEach(() => warn.mockRestore());
afterEach(closeServers);
jest.setTimeout(60_000);

const SECRET = 's3cr3t-key';
const warnings = () => warn.mock.calls;
const sentTo = (server, name = 'authorization') => server.seen.map(({ headers }) => headers[name]);

/** Way → sends a GET with these headers; resolves to the status. */
const WAYS = {
  request: async (client, url, headers) => (await client.request(url, { headers })).status,
  get: async (client, url, headers) => (await client.get(url, { headers })).status,
  fetch: async (client, url, headers) => (await client.fetch(url, { headers })).status,
  'fetch of a Request': async (client, url, headers) =>
    (await client.fetch(new Request(url, { headers }))).status,
  'the axios adapter': async (client, url, headers) => {
    const api = axios.create({ adapter: axiosAdapter(client), validateStatus: null });
    return (await api.get(url, { headers })).status;
  },
  'the axios adapter, redirects watched': async (client, url, headers) => {
    const api = axios.create({ adapter: axiosAdapter(client), validateStatus: null });
    return (await api.get(url, { headers, beforeRedirect() {} })).status;
  },
  undici: async (client, url, headers) => {
    const { statusCode, body } = await request(url, { headers, dispatcher: through(client) });
    await body.dump();
    return statusCode;
  },
};
/** The ways by which an SDK sends requests. */
const LIBRARIES = Object.keys(WAYS).filter((name) => !['request', 'get'].includes(name));

test.each(Object.keys(WAYS))('a placeholder gives way to tokens that rotate: %s', async (way) => {
  const { server, client } = await serveExpired((_request, response) => response.end());
  const headers = { Authorization: `Bearer ${PLACEHOLDER}`, 'x-other': PLACEHOLDER };
  expect(await WAYS[way](client, `${server.url}/a`, headers)).toBe(200);
  expect(sentTo(server)).toEqual(['Bearer first', 'Bearer second']);
  // One header, and not the two that a map with both spellings would send.
  for (const { rawHeaders } of server.seen) {
    expect(rawHeaders.filter((name) => name.toLowerCase() === 'authorization')).toHaveLength(1);
  }
  expect(sentTo(server, 'x-other')).toEqual([PLACEHOLDER, PLACEHOLDER]);
  expect(client.stats()).toMatchObject({ rotations: 1 });
  expect(warnings()).toEqual([]);
});

test.each(Object.keys(WAYS))(
  'a placeholder with more around it, in a header of the option: %s',
  async (way) => {
    const server = await serve();
    const client = clientFor(server, { header: { name: 'X-Api-Key', format: (token) => `key ${token}` } });
    const headers = { 'X-API-Key': `sk_test_${PLACEHOLDER}`, authorization: `Bearer ${PLACEHOLDER}` };
    expect(await WAYS[way](client, server.url, headers)).toBe(200);
    expect(sentTo(server, 'x-api-key')).toEqual(['key t0ken-marker']);
    // Not the client's header.
    expect(sentTo(server)).toEqual([`Bearer ${PLACEHOLDER}`]);
    expect(warnings()).toEqual([]);
  },
);

test('a placeholder of an instance with installAuthRefresh', async () => {
  const { server } = await serveExpired((_request, response) => response.end());
  const api = axios.create({ baseURL: server.url });
  let stored = { accessToken: 'first', refreshToken: 'r' };
  const { uninstall } = installAuthRefresh(api, {
    refresh: async () => ({ accessToken: 'second', refreshToken: 'r' }),
    getTokens: async () => stored,
    setTokens: async (tokens) => void (stored = tokens),
    isSessionExpired: ({ status }) => status === 401,
    isRefreshFailureTerminal: () => false,
  });
  const headers = { AUTHORIZATION: `Bearer ${PLACEHOLDER}` };
  expect((await api.get('/a', { headers })).status).toBe(200);
  expect(sentTo(server)).toEqual(['Bearer first', 'Bearer second']);
  uninstall();
});

test('a placeholder of an instance with installAuthRefresh is not sent where nobody is logged in', async () => {
  const server = await serve();
  const api = axios.create({ baseURL: server.url });
  const { uninstall } = installAuthRefresh(api, {
    refresh: () => Promise.reject(new Error('a refresh that the test did not ask for')),
    getTokens: async () => null,
    setTokens: async () => {},
    isSessionExpired: ({ status }) => status === 401,
    isRefreshFailureTerminal: () => false,
  });
  await api.get('/a', { headers: { AUTHORIZATION: `Bearer ${PLACEHOLDER}` } });
  expect(sentTo(server)).toEqual([undefined]);
  uninstall();
});

test.each(LIBRARIES)('another header stays, and is told once: %s', async (way) => {
  const server = await serve((_request, response) => response.writeHead(401).end());
  const client = clientFor(server);
  const send = () => WAYS[way](client, server.url, { authorization: `Bearer ${SECRET}` });
  expect(await send()).toBe(401);
  expect(await send()).toBe(401);
  expect(await WAYS[way](client.session('other'), server.url, { authorization: SECRET })).toBe(401);
  expect(sentTo(server)).toEqual([`Bearer ${SECRET}`, `Bearer ${SECRET}`, SECRET]);
  expect(client.stats()).toMatchObject({ rotations: 0 });
  expect(warnings()).toEqual([[expect.any(String), { code: 'TOKEN_ROTATOR_HEADER' }]]);
  const [[text]] = warnings();
  for (const part of ['authorization', 'PLACEHOLDER', 'header.foreign']) expect(text).toContain(part);
  expect(text).not.toContain(SECRET);
  // The next client has a warning of its own.
  await WAYS[way](clientFor(server), server.url, { authorization: SECRET });
  expect(warnings()).toHaveLength(2);
});

test.each(LIBRARIES)('header.foreign keep: no warning: %s', async (way) => {
  const server = await serve();
  const client = clientFor(server, { header: { foreign: 'keep' } });
  expect(await WAYS[way](client, server.url, { authorization: SECRET })).toBe(200);
  expect(sentTo(server)).toEqual([SECRET]);
  expect(warnings()).toEqual([]);
});

describe('no warning where the header is meant', () => {
  test('in headers that the program writes for a request of the client', async () => {
    const server = await serve();
    const client = clientFor(server);
    for (const way of ['get', 'request']) await WAYS[way](client, server.url, { authorization: SECRET });
    expect(sentTo(server)).toEqual([SECRET, SECRET]);
    expect(warnings()).toEqual([]);
  });

  test('with skipAuthRefresh', async () => {
    const server = await serve();
    const api = axios.create({ adapter: axiosAdapter(clientFor(server)) });
    await api.get(server.url, { skipAuthRefresh: true, headers: { authorization: SECRET } });
    expect(sentTo(server)).toEqual([SECRET]);
    expect(warnings()).toEqual([]);
  });

  test('in a request of undici to another origin, or to one that is not known', async () => {
    const [server, other] = [await serve(), await serve()];
    const client = clientFor(server);
    await WAYS.undici(client, other.url, { authorization: SECRET });
    const plain = clientFor({ url: 'http://api.example.com' });
    const passed = jest.fn();
    const handler = { onRequestStart() {} };
    const { tokenInterceptor } = require('../../lib/undici.js');
    for (const origin of [undefined, 'http://api.example.com', 'none']) {
      const options = { origin, path: '/', method: 'GET', headers: { authorization: SECRET } };
      tokenInterceptor(plain)(passed)(options, handler);
    }
    expect(passed).toHaveBeenCalledTimes(3);
    expect(sentTo(other)).toEqual([SECRET]);
    expect(warnings()).toEqual([]);
  });
});

describe('a placeholder brings the token nowhere else', () => {
  const headers = { authorization: `Bearer ${PLACEHOLDER}` };

  test('not to another origin', async () => {
    const [server, other] = [await serve(), await serve()];
    const client = clientFor(server);
    expect(await failure(client.get(other.url, { headers }))).toMatchObject({
      code: 'ERR_ORIGIN_NOT_ALLOWED',
    });
    expect(await failure(client.fetch(other.url, { headers }))).toBeDefined();
    await client.get(other.url, { headers, skipAuthRefresh: true });
    await WAYS.undici(client, other.url, headers);
    expect(sentTo(other)).toEqual([`Bearer ${PLACEHOLDER}`, `Bearer ${PLACEHOLDER}`]);
  });

  test.each(['get', 'fetch', 'the axios adapter', 'the axios adapter, redirects watched'])(
    'not along with a redirect to another origin: %s',
    async (way) => {
      const other = await serve();
      const server = await serve((_request, response) =>
        response.writeHead(307, { location: `${other.url}/there` }).end(),
      );
      const client = clientFor(server, { redirect: 'follow' });
      expect(await WAYS[way](client, server.url, headers)).toBe(200);
      expect(sentTo(server)).toEqual(['Bearer t0ken-marker']);
      expect(sentTo(other)).toEqual([undefined]);
    },
  );

  test('not that of another login, where redirects are watched', async () => {
    const server = await serve(async (_request, response) => {
      await client.setTokens({ accessToken: 'another' });
      response.writeHead(307, { location: '/b' }).end();
    });
    const client = clientFor(server);
    const sent = WAYS['the axios adapter, redirects watched'](client, `${server.url}/a`, headers);
    expect(await failure(sent)).toMatchObject({ cause: { code: 'ERR_SESSION_LOST' } });
    expect(sentTo(server)).toEqual(['Bearer t0ken-marker']);
  });

  test('not through a Client of undici whose origin is not known', async () => {
    const server = await serve();
    const api = through(clientFor(server), { base: keep(new Client(server.url)) });
    const sent = new Promise((_, reject) => {
      const handler = { onRequestStart() {}, onResponseError: (_controller, error) => reject(error) };
      api.dispatch({ path: '/', method: 'GET', headers }, handler);
    });
    expect(await failure(sent)).toMatchObject({ code: 'ERR_INVALID_OPTION' });
    expect(server.seen).toEqual([]);
  });
});
