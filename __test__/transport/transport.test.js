'use strict';

// The option `transport` against a real server: all but the wire is as with the client's own network.

const { once } = require('node:events');
const { createServer } = require('node:http');
const { Readable } = require('node:stream');
const { Agent } = require('undici');
const { TokenClient } = require('../../index.js');
const { useHarness } = require('../support/harness.js');

const { serve, client: harnessClient, track } = useHarness();

const servers = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

async function listen(handler) {
  const server = createServer(handler).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

const clients = [];
afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())));

function over(fetch, options) {
  const client = new TokenClient({
    baseURL: 'https://api.example.com',
    tokens: { accessToken: 'secret-access', refreshToken: 'secret-refresh' },
    refresh: async () => ({ accessToken: 'next-access' }),
    transport: { fetch },
    ...options,
  });
  clients.push(client);
  return client;
}

test('fifty requests with an expired token share one rotation, and no refresh token is spent twice', async () => {
  const server = await serve();
  const client = harnessClient(server, { tokens: server.login(), transport: { fetch: 'global' } });
  server.expire();
  const sent = Array.from({ length: 50 }, (_, i) => track(client.post('/api/orders', { order: i })));
  const bodies = await Promise.all((await Promise.all(sent)).map((response) => response.json()));
  expect(bodies.map(({ body }) => JSON.parse(body).order)).toEqual(sent.map((_, i) => i));
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
});

test('a dispatcher gets the query and the body, and gives every header', async () => {
  const seen = [];
  const origin = await listen((request, response) => {
    seen.push(request.url);
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    request.pipe(response);
  });
  const dispatcher = new Agent();
  const client = over(undefined, { baseURL: origin, transport: { dispatcher } });
  const response = await client.post('/orders?page=2', { item: 7 });
  expect(seen).toEqual(['/orders?page=2']);
  expect(await response.json()).toEqual({ item: 7 });
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  await dispatcher.close();
});

test.each(['grant', 'refresh'])('a rotation by %s reaches the real server through the fetch', async (by) => {
  const server = await serve();
  const grant = { type: 'refresh_token', tokenEndpoint: server.tokenEndpoint, clientId: 'me' };
  const seen = [];
  const fetch = (url, init) => {
    seen.push(new URL(url).pathname);
    return globalThis.fetch(url, init);
  };
  const how = by === 'grant' ? { grant, refresh: undefined } : {};
  const client = harnessClient(server, { tokens: server.login(), transport: { fetch }, ...how });
  server.expire();
  expect((await track(client.get('/api/orders'))).status).toBe(200);
  expect(seen.filter((path) => path === '/token')).toHaveLength(by === 'grant' ? 1 : 0);
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
});

test('a timeout and an abort end the request, and its signal tells the transport', async () => {
  const signals = [];
  const never = (_url, { signal }) => {
    signals.push(signal);
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  const client = over(never);
  await expect(client.get('/a', { timeout: 20, retry: false })).rejects.toMatchObject({
    code: 'ERR_TIMEOUT',
  });
  const abort = new AbortController();
  const aborted = client.get('/b', { signal: abort.signal });
  const reason = new Error('enough');
  setImmediate(() => abort.abort(reason));
  await expect(aborted).rejects.toBe(reason);
  await client.get('/c', { timeout: 20, retry: false }).catch(() => {});
  for (const signal of signals) if (!signal.aborted) await once(signal, 'abort');
  expect(signals.length).toBeGreaterThanOrEqual(2);
});

test('redirects are the engine’s: the token stays with its origin', async () => {
  const seen = [];
  const fetch = async (url, { headers, redirect }) => {
    seen.push([url, headers.authorization, redirect]);
    const to = {
      'https://api.example.com/a': '/b',
      'https://api.example.com/b': 'https://other.example.com/c',
    }[url];
    return to === undefined
      ? new Response('end')
      : new Response(null, { status: 302, headers: { location: to } });
  };
  const client = over(fetch);
  await expect(client.get('/a')).rejects.toMatchObject({ code: 'ERR_REDIRECT' });
  const response = await client.get('/a', { redirect: 'follow' });
  expect([response.url, response.redirected, await response.text()]).toEqual([
    'https://other.example.com/c',
    true,
    'end',
  ]);
  expect(seen.at(-1)).toEqual(['https://other.example.com/c', undefined, 'manual']);
});

test('streams go out whole and come in part by part', async () => {
  let feed;
  const fetch = async (_url, { body }) => {
    const stream = new ReadableStream({
      start: (controller) => {
        feed = controller;
        controller.enqueue(Buffer.from(`data: ${body}\n\n`));
      },
    });
    return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
  };
  const body = Readable.from([Buffer.from('one '), Buffer.from('two')]);
  const headers = { 'content-type': 'text/plain' };
  const response = await over(fetch).post('/events', body, { headers });
  const reader = response.body.getReader();
  const text = async () => Buffer.from((await reader.read()).value).toString();
  expect(await text()).toBe('data: one two\n\n');
  feed.enqueue(Buffer.from('data: more\n\n'));
  expect(await text()).toBe('data: more\n\n');
  feed.close();
  expect((await reader.read()).done).toBe(true);
});

test('an answer that breaks off is an error with what the stream failed with', async () => {
  const fetch = async () => {
    const stream = new ReadableStream({
      pull: (controller) => controller.error(Object.assign(new Error('cut'), { code: 'ECONNRESET' })),
    });
    return new Response(stream);
  };
  const read = over(fetch, { retry: false })
    .get('/a')
    .then((response) => response.text());
  await expect(read).rejects.toMatchObject({ code: 'ERR_NETWORK', cause: { message: 'cut' } });
});

test('failures that may pass are retried, and a decoded body has no content-encoding', async () => {
  const { gzipSync } = require('node:zlib');
  let calls = 0;
  const url = await listen((_request, response) => {
    calls += 1;
    if (calls === 1) return response.destroy();
    response.setHeader('content-encoding', 'gzip');
    response.end(gzipSync('{"fine":true}'));
  });
  const client = over('global', { baseURL: url, retry: { maxDelay: 1 } });
  const response = await client.get('/a');
  expect([response.attempts, response.headers.get('content-encoding'), await response.json()]).toEqual([
    ...[2, null],
    { fine: true },
  ]);
});

test('HEAD, empty answers and large ones', async () => {
  const large = 'x'.repeat(3_000_000);
  const url = await listen((request, response) => {
    if (request.url === '/large') return response.setHeader('content-length', large.length).end(large);
    response.statusCode = request.url === '/none' ? 204 : 200;
    response.end();
  });
  const client = over('global', { baseURL: url });
  expect((await client.head('/large')).headers.get('content-length')).toBe('3000000');
  expect(await (await client.get('/none')).text()).toBe('');
  expect(await (await client.get('/large')).text()).toBe(large);
  expect(await (await client.fetch('/large')).text()).toBe(large);
});

test.each([
  [{}, 'transport must have either fetch or dispatcher'],
  [{ fetch: 'local' }, "transport.fetch must be a function, or 'global'"],
  [{ fetch: () => {}, dispatcher: {} }, 'transport must have either fetch or dispatcher'],
  [{ dispatcher: {} }, 'transport.dispatcher must be a Dispatcher of undici'],
  [{ agent: {} }, 'unknown option transport.agent'],
])('the option %j is refused', (transport, message) => {
  expect(() => over(undefined, { transport })).toThrow(message);
});

test('what is no Response, and a status or a header that HTTP has not, is an error', async () => {
  const answers = [undefined, { status: 200 }, { status: 7, headers: new Headers(), body: null }];
  for (const answer of answers) {
    const client = over(async () => answer, { retry: false });
    await expect(client.get('/a')).rejects.toMatchObject({
      code: 'ERR_NETWORK',
      cause: { code: expect.any(String) },
    });
  }
});

test.each([
  ['ECONNREFUSED', 'unspent'],
  ['ECONNRESET', 'unknown'],
])('after %s the token is %s: only a request that was never sent goes again', (code, kind) => {
  const { describeFault } = require('../../lib/transport.js');
  const error = new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
  expect(describeFault(error)).toMatchObject({ kind, said: code });
});

test('lines of one name become one header', () => {
  const { toSent } = require('../../lib/transport.js');
  const lines = 'accept\na\nx-n\n1\ncookie\nc=1\nx-n\n2\ncookie\nd=2';
  const { headers } = toSent('GET', 'https://api.example/', lines, null, undefined);
  expect(headers).toMatchObject({ accept: 'a', 'x-n': '1, 2', cookie: 'c=1; d=2' });
});
