'use strict';

const { once } = require('node:events');
const { TimeoutError } = require('../..');
const { QUERY, clientFor, closeServers, failure, serve, serveRaw } = require('./servers.js');

afterEach(closeServers);
jest.setTimeout(60_000);

/** Long enough to get to the phase in question on a busy machine; a test waits for it once. */
const TIMEOUT = 1000;

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n';

/** Resolves when the other side has let the connection go. */
const freed = (socket) => (socket.closed ? undefined : once(socket, 'close'));

async function expectTimeout(promise, phase) {
  const error = await failure(promise);
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error).toMatchObject({ code: 'ERR_TIMEOUT', phase, retryable: true });
}

test('a handshake that never ends is the connect phase, and its connection is freed', async () => {
  const server = await serveRaw(() => {}, 'https');
  await expectTimeout(clientFor(server).get(`/?${QUERY}`, { timeout: TIMEOUT }), 'connect');
  await freed(server.connections[0].socket);
});

test('a server that never answers is the response phase, and its connection is freed', async () => {
  const server = await serveRaw();
  await expectTimeout(clientFor(server).get(`/?${QUERY}`, { timeout: TIMEOUT }), 'response');
  expect(server.connections).toHaveLength(1);
  await freed(server.connections[0].socket);
});

test('a head that never ends is the response phase', async () => {
  const server = await serveRaw((socket) => socket.write('HTTP/1.1 200 OK\r\nx-a: 1\r\n'));
  await expectTimeout(clientFor(server).get('/', { timeout: TIMEOUT }), 'response');
});

test('a body that stalls is the body phase, and its connection is freed', async () => {
  const server = await serveRaw((socket) => socket.write(`${HEAD}12345`));
  await expectTimeout(clientFor(server).get('/', { timeout: TIMEOUT }), 'body');
  await freed(server.connections[0].socket);
});

test('the client’s timeout holds for requests without their own', async () => {
  const server = await serveRaw();
  await expectTimeout(clientFor(server, { timeout: TIMEOUT }).get('/'), 'response');
});

test('a longer timeout of the request wins over the client’s', async () => {
  const [server, silent] = [
    await serve((_request, response) => (release = () => response.end('late'))),
    await serveRaw(),
  ];
  let release;
  const client = clientFor(server, { timeout: TIMEOUT });
  const patient = client.get('/', { timeout: 60_000 });
  await once(server.server, 'request');
  // Made later, so that the client's own timeout is over when it ends.
  await expectTimeout(client.get(silent.url, { skipAuthRefresh: true }), 'response');
  release();
  expect(await (await patient).text()).toBe('late');
});

test('waiting for a place on the wire is the queue phase', async () => {
  const server = await serve();
  const silent = await serveRaw(() => silent.server.emit('head'));
  const queue = { timeout: 50 };
  const client = clientFor(silent, { connections: 1, queue, allowedOrigins: [server.url] });
  const abort = new AbortController();
  const first = failure(client.get('/', { signal: abort.signal }));
  await once(silent.server, 'head');
  await expectTimeout(client.get(server.url), 'queue');
  expect(server.seen).toEqual([]);
  abort.abort();
  await first;
  expect(await client.get(server.url)).toMatchObject({ status: 200 });
});

test('waiting for a refresh is the queue phase', async () => {
  const server = await serve();
  let release;
  const client = clientFor(server, {
    tokens: { accessToken: 'first', refreshToken: 'r', expiresAt: 1 },
    refresh: () => new Promise((resolve) => (release = () => resolve({ accessToken: 'second' }))),
  });
  await expectTimeout(client.get('/', { timeout: 50 }), 'queue');
  release();
  expect(await client.get('/')).toMatchObject({ status: 200 });
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer second']);
});

test('a timeout includes the replay', async () => {
  const server = await serve((request, response) => {
    if (request.headers.authorization === 'Bearer first') response.writeHead(401).end();
  });
  const client = clientFor(server, {
    tokens: { accessToken: 'first', refreshToken: 'r' },
    refresh: () => ({ accessToken: 'second' }),
  });
  await expectTimeout(client.get('/', { timeout: TIMEOUT }), 'response');
  expect(server.seen).toHaveLength(2);
});
