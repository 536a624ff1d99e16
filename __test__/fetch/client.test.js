'use strict';

// `client.fetch` as a property, and what of the client applies to it.

const {
  clientFor,
  closeServers,
  failure,
  serve,
  serveExpired,
  serveRaw,
  TOKEN,
} = require('../requests/servers.js');

afterEach(closeServers);

test('is one function, bound, and not to be replaced', async () => {
  const server = await serve();
  const client = clientFor(server);
  const { fetch } = client;
  expect(client.fetch).toBe(fetch);
  expect(() => (client.fetch = () => {})).toThrow(TypeError);
  expect([fetch.name, fetch.length]).toEqual([globalThis.fetch.name, globalThis.fetch.length]);
  expect((await fetch(server.url)).status).toBe(200);
  expect(server.seen[0].headers.authorization).toBe(`Bearer ${TOKEN}`);
});

test('a session has its own', async () => {
  const server = await serve();
  const client = clientFor(server, {
    tokens: undefined,
    getTokens: (session) => ({ accessToken: `of-${session}` }),
    setTokens: () => {},
  });
  const session = client.session('ada');
  expect(session.fetch).not.toBe(client.fetch);
  await Promise.all([client.fetch('/'), session.fetch('/')]);
  const sent = server.seen.map(({ headers }) => headers.authorization);
  expect(sent.sort()).toEqual(['Bearer of-ada', 'Bearer of-default']);
});

test('resolves what is relative against baseURL, as other requests do', async () => {
  const server = await serve();
  const { fetch } = clientFor(undefined, { baseURL: `${server.url}/v1` });
  for (const url of ['/orders', 'orders', '?a=1', `${server.url}/orders`]) await fetch(url);
  expect(server.seen.map(({ url }) => url)).toEqual(['/v1/orders', '/v1/orders', '/v1?a=1', '/orders']);
  const error = await failure(clientFor(undefined, { baseURL: undefined }).fetch('/orders'));
  expect(error).toMatchObject({ name: 'TypeError', cause: { code: 'ERR_INVALID_OPTION' } });
});

test('sends the client’s headers, unless the request has its own', async () => {
  const server = await serve();
  const { fetch } = clientFor(server, { headers: { 'x-client': '1', 'x-both': '1' } });
  await fetch('/', { headers: { 'x-both': '2' } });
  await fetch(new Request(server.url, { headers: { 'x-both': '3' } }));
  for (const { headers } of server.seen) expect(headers['x-client']).toBe('1');
  expect(server.seen.map(({ headers }) => headers['x-both'])).toEqual(['2', '3']);
});

test.each([
  ['in init', (url, headers) => [url, { headers }]],
  ['in a Request', (url, headers) => [new Request(url, { headers })]],
])('an explicit auth header %s is respected, and its 401 is the caller’s', async (_name, args) => {
  const { server, client } = await serveExpired((_request, response) => response.end());
  const response = await client.fetch(...args(server.url, { Authorization: 'Basic own' }));
  expect(response.status).toBe(401);
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Basic own']);
  expect(client.stats().rotations).toBe(0);
});

test('attaches the token as the client does', async () => {
  const server = await serve();
  await clientFor(server, { header: { name: 'x-api-key', format: (token) => `<${token}>` } }).fetch('/');
  expect(server.seen[0].headers).toMatchObject({ 'x-api-key': `<${TOKEN}>` });
});

test('throwHttpErrors has no effect on it', async () => {
  const server = await serve((_request, response) => response.writeHead(500).end('broken'));
  const response = await clientFor(server, { throwHttpErrors: true }).fetch('/');
  expect([response.status, await response.text()]).toEqual([500, 'broken']);
});

test('the client’s retry applies to it', async () => {
  const server = await serve((_request, response) =>
    response.writeHead(server.seen.length < 3 ? 503 : 200).end(),
  );
  const client = clientFor(server, { retry: { limit: 2, maxDelay: 0 } });
  expect((await client.fetch('/')).status).toBe(200);
  expect(client.stats()).toMatchObject({ requests: 1, retries: 2 });
});

test('the client’s timeout applies to it', async () => {
  const server = await serveRaw();
  const error = await failure(clientFor(server, { timeout: 1 }).fetch('/'));
  expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed', cause: { code: 'ERR_TIMEOUT' } });
});

test('refresh may not call it, as it may not call the client', async () => {
  const server = await serve();
  const client = clientFor(server, {
    tokens: { accessToken: TOKEN, refreshToken: 'r', expiresAt: 1 },
    refresh: async () => {
      const error = await client.fetch('/').catch((reason) => reason);
      throw Object.assign(error, { seen: true });
    },
    maxRetries: 0,
  });
  const error = await failure(client.fetch('/'));
  expect(error).toMatchObject({
    code: 'ERR_REFRESH_FAILED',
    cause: { code: 'ERR_REENTRANT_CALL', seen: true },
  });
});

test('shows neither headers nor query where it is printed', async () => {
  const { inspect } = require('node:util');
  const server = await serve((_request, response) =>
    response.setHeader('set-cookie', 'secret-cookie').end('secret-body'),
  );
  const response = await clientFor(server).fetch('/path?key=secret-query');
  expect(inspect(response)).toContain(`${server.url}/path'`);
  expect(inspect(response, { showHidden: true, depth: 9 })).not.toContain('secret');
});
