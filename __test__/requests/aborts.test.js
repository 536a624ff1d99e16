'use strict';

const { getEventListeners, once } = require('node:events');
const { clientFor, closeServers, failure, serve, serveRaw } = require('./servers.js');

afterEach(closeServers);
jest.setTimeout(60_000);

const freed = (socket) => (socket.closed ? undefined : once(socket, 'close'));
const listeners = (signal) => getEventListeners(signal, 'abort').length;

const REASONS = [
  ['none given', undefined],
  ['an error', new Error('stop')],
  ['a text', 'stop'],
  ['null', null],
  ['false', false],
  ['an object', { code: 'ERR_NETWORK' }],
  ['an array that looks like an error of the engine', ['ERR_NETWORK', 'stop', true, 'ECONNRESET', null, 1]],
];

describe.each(REASONS)('with %s as reason', (_name, reason) => {
  test('an aborted signal rejects with it, and nothing is sent', async () => {
    const server = await serve();
    const signal = AbortSignal.abort(reason);
    expect(await failure(clientFor(server).get('/', { signal }))).toBe(signal.reason);
    expect(server.sockets.size).toBe(0);
    expect(listeners(signal)).toBe(0);
  });

  test('aborting on the wire rejects with it, and the connection is freed', async () => {
    const server = await serveRaw((socket) => server.server.emit('head', socket));
    const abort = new AbortController();
    const pending = failure(clientFor(server).get('/', { signal: abort.signal }));
    const [socket] = await once(server.server, 'head');
    expect(listeners(abort.signal)).toBe(1);
    abort.abort(reason);
    expect(await pending).toBe(abort.signal.reason);
    await freed(socket);
    expect(listeners(abort.signal)).toBe(0);
  });
});

test('aborting during the body rejects with the reason, and the connection is freed', async () => {
  const server = await serveRaw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345', () =>
      server.server.emit('half', socket),
    );
  });
  const abort = new AbortController();
  const pending = failure(clientFor(server).get('/', { signal: abort.signal }));
  const [socket] = await once(server.server, 'half');
  abort.abort();
  expect(await pending).toBe(abort.signal.reason);
  await freed(socket);
});

test('aborting while a large body is being sent rejects with the reason, and the connection is freed', async () => {
  const server = await serveRaw((socket) => {
    socket.removeAllListeners('data').pause();
    server.server.emit('head', socket);
  });
  const abort = new AbortController();
  const pending = failure(
    clientFor(server).post('/', Buffer.alloc(64 * 1024 * 1024), { signal: abort.signal }),
  );
  const [socket] = await once(server.server, 'head');
  abort.abort();
  expect(await pending).toBe(abort.signal.reason);
  socket.resume();
  await freed(socket);
});

test('aborting in the queue rejects with the reason; the rotation goes on for the others', async () => {
  const server = await serve();
  let release;
  const asked = new Promise((resolve) => {
    release = { asked: resolve };
  });
  const client = clientFor(server, {
    tokens: { accessToken: 'first', refreshToken: 'r', expiresAt: 1 },
    refresh: () => new Promise((resolve) => release.asked(() => resolve({ accessToken: 'second' }))),
  });
  const abort = new AbortController();
  const aborted = failure(client.get('/aborted', { signal: abort.signal }));
  const other = client.get('/other');
  const answer = await asked;
  abort.abort();
  expect(await aborted).toBe(abort.signal.reason);
  answer();
  expect(await other).toMatchObject({ status: 200 });
  expect(server.seen.map(({ url }) => url)).toEqual(['/other']);
});

test('aborting one request leaves the others of its signal’s client alone', async () => {
  const waiting = [];
  const server = await serve((_request, response) => {
    waiting.push(response);
    if (waiting.length === 10) server.server.emit('full');
  });
  const client = clientFor(server);
  const abort = new AbortController();
  const others = Array.from({ length: 9 }, (_, i) => client.get(`/${i}`));
  const aborted = failure(client.get('/aborted', { signal: abort.signal }));
  await once(server.server, 'full');
  abort.abort();
  expect(await aborted).toBe(abort.signal.reason);
  for (const response of waiting) response.end('ok');
  expect((await Promise.all(others)).map(({ status }) => status)).toEqual(Array(9).fill(200));
});

test('one signal aborts all of its requests', async () => {
  const server = await serveRaw();
  const abort = new AbortController();
  const pending = Array.from({ length: 50 }, () =>
    failure(clientFor(server).get('/', { signal: abort.signal })),
  );
  abort.abort();
  expect(new Set(await Promise.all(pending))).toEqual(new Set([abort.signal.reason]));
  expect(listeners(abort.signal)).toBe(0);
});

test('AbortSignal.timeout and AbortSignal.any work', async () => {
  const server = await serveRaw();
  const signal = AbortSignal.any([new AbortController().signal, AbortSignal.timeout(20)]);
  const error = await failure(clientFor(server).get('/', { signal }));
  expect(error).toBe(signal.reason);
  expect(error.name).toBe('TimeoutError');
});

test('aborting after the answer changes nothing', async () => {
  const server = await serve();
  const abort = new AbortController();
  const response = await clientFor(server).get('/', { signal: abort.signal });
  abort.abort();
  expect(await response.text()).toBe('ok');
});

test('10 000 requests leave no listener on their one signal', async () => {
  const server = await serve();
  const client = clientFor(server);
  const { signal } = new AbortController();
  let left = 10_000;
  const worker = async () => {
    while (left-- > 0) await client.get('/', { signal });
  };
  await Promise.all(Array.from({ length: 64 }, worker));
  expect(server.seen).toHaveLength(10_000);
  expect(listeners(signal)).toBe(0);
});

test('any number of requests at once have one listener on their signal', async () => {
  // With eleven, Node would warn of a leak.
  const waiting = [];
  const server = await serve((_request, response) => {
    waiting.push(response);
    if (waiting.length === 50) server.server.emit('full');
  });
  const client = clientFor(server);
  const { signal } = new AbortController();
  const pending = Array.from({ length: 50 }, () => client.get('/', { signal }));
  await once(server.server, 'full');
  expect(listeners(signal)).toBe(1);
  waiting.pop().end();
  await Promise.race(pending);
  expect(listeners(signal)).toBe(1);
  for (const response of waiting) response.end();
  await Promise.all(pending);
  expect(listeners(signal)).toBe(0);
});

test.each([
  ['fails', () => ({ url: 'http://127.0.0.1:1' }), {}],
  ['times out', () => serveRaw(), { timeout: 20 }],
  ['is refused', () => ({ url: 'http://far.invalid' }), {}],
])('a request that %s leaves no listener', async (_name, target, options) => {
  const { signal } = new AbortController();
  await failure(clientFor(await target()).get('/', { signal, ...options }));
  expect(listeners(signal)).toBe(0);
});
