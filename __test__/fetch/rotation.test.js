'use strict';

// A token that has expired is none of fetch's callers' business: the request is sent again, the same in every byte, unless
// its body is gone.

const { closeServers, serve, clientFor, serveExpired } = require('../requests/servers.js');

afterEach(closeServers);

const MIB = 1024 * 1024;

function form() {
  const form = new FormData();
  form.append('a', '1');
  form.append('file', new File(['x'.repeat(70_000)], 'name', { type: 'text/x' }));
  return form;
}

const streamOf = (bytes) =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });

const BODIES = [
  ['text', () => 'text'],
  ['empty text', () => ''],
  ['bytes', () => new Uint8Array([0, 1, 255])],
  ['a form', () => new URLSearchParams({ a: 'b' })],
  ['FormData', form],
  ['a Blob', () => new Blob(['a', 'b'], { type: 'text/x' })],
  ['an object', () => ({ a: 1 })],
];

const REQUESTS = [
  ...BODIES,
  ['1 MiB', () => new Uint8Array(MIB)],
  ['a stream that ends', () => streamOf(new Uint8Array(10))],
  ['a Blob of 1 MiB', () => new Blob([new Uint8Array(MIB)])],
];

/** Answers 200 to the second token. */
const expired = (options) => serveExpired((_request, response) => response.end('ok'), options);

function expectReplayed({ seen }) {
  expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
  const [first, second] = seen.map(({ headers: { authorization: _, ...headers }, ...rest }) => ({
    ...rest,
    headers,
  }));
  expect(second.body.equals(first.body)).toBe(true);
  expect({ ...second.headers }).toEqual({ ...first.headers });
  expect([second.method, second.url]).toEqual([first.method, first.url]);
  return first.body;
}

test.each(BODIES)('%s is sent again', async (_name, body) => {
  const { server, client } = await expired();
  const response = await client.fetch('/path?q=1', { method: 'POST', body: body(), headers: { 'x-a': '1' } });
  expect([response.status, await response.text()]).toEqual([200, 'ok']);
  expectReplayed(server);
});

test.each(REQUESTS)('a Request of %s is sent again', async (_name, body) => {
  const { server, client } = await expired();
  const init = { method: 'POST', body: body(), duplex: 'half' };
  const length = (await new Response(new Request(server.url, { ...init, body: body() }).body).arrayBuffer())
    .byteLength;
  const response = await client.fetch(new Request(server.url, init));
  expect(response.status).toBe(200);
  expect(expectReplayed(server)).toHaveLength(length);
});

const USED_UP = [
  ['a stream', (url) => [url, { method: 'POST', body: streamOf(new Uint8Array(10)), duplex: 'half' }], 10],
  [
    'a Request of more than 1 MiB',
    (url) => [new Request(url, { method: 'POST', body: new Uint8Array(MIB + 1) })],
    MIB + 1,
  ],
];

test.each(USED_UP)(
  '%s is not: the 401 is the caller’s, and the next request has the new token',
  async (_name, args, length) => {
    const { server, client } = await expired();
    const response = await client.fetch(...args(server.url));
    expect(response.status).toBe(401);
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0].body).toHaveLength(length);
    expect((await client.fetch(...args(server.url))).status).toBe(200);
    expect(server.seen[1].headers.authorization).toBe('Bearer second');
    expect(client.stats()).toMatchObject({ rotations: 1, replays: 0 });
  },
);

test('a thousand at once rotate once', async () => {
  const { client, server } = await expired();
  const calls = Array.from({ length: 1000 }, async (_, i) => (await client.fetch(`/${i}`)).text());
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['ok']));
  expect(client.stats()).toMatchObject({ requests: 1000, rotations: 1 });
  const accepted = server.seen.filter(({ headers }) => headers.authorization === 'Bearer second');
  expect(new Set(accepted.map(({ url }) => url)).size).toBe(1000);
});

test('a token that is known to have expired is never sent', async () => {
  const server = await serve();
  const client = clientFor(server, {
    tokens: { accessToken: 'first', refreshToken: 'r', expiresAt: 1 },
    refresh: () => ({ accessToken: 'second' }),
  });
  expect((await client.fetch('/')).status).toBe(200);
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer second']);
});
