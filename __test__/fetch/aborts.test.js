'use strict';

// A signal's own reason, the same value, wherever the request is when it is aborted; and nothing left behind.

const { getEventListeners, once } = require('node:events');
const path = require('node:path');
const { NetworkError } = require('../..');
const { serveBoth } = require('./both.js');
const { endChildren, reported, start } = require('../lifecycle/child.js');
const { clientFor, closeServers, serve, serveRaw } = require('../requests/servers.js');

afterEach(endChildren);
afterEach(closeServers);
jest.setTimeout(60_000);

const HEAD = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const reasonOf = (promise) =>
  promise.then(
    () => 'no rejection',
    (reason) => reason,
  );
const listeners = (signal) => getEventListeners(signal, 'abort').length;

const REASONS = [
  ['none given', undefined],
  ['an error', new Error('stop')],
  ['a text', 'stop'],
  ['null', null],
  ['an error of ours', new NetworkError('stop')],
  ['what an error of the engine looks like', ['ERR_NETWORK', 'stop', true, 'ECONNRESET', null, 1]],
];

const WAYS = [
  ['in init', (url, signal) => [url, { signal }]],
  ['in a Request', (url, signal) => [new Request(url, { signal })]],
  [
    'over a Request’s',
    (url, signal) => [new Request(url, { signal: new AbortController().signal }), { signal }],
  ],
  ['in a Request as init', (url, signal) => [url, new Request(url, { signal })]],
];

describe.each(WAYS)('a signal %s', (_way, args) => {
  test.each(REASONS)('that is aborted already, with %s', async (_name, reason) => {
    const server = await serve();
    const signal = AbortSignal.abort(reason);
    expect(await reasonOf(clientFor(server).fetch(...args(server.url, signal)))).toBe(signal.reason);
    expect(server.sockets.size).toBe(0);
  });

  test.each(REASONS)('that is aborted on the wire, with %s', async (_name, reason) => {
    const server = await serveRaw((socket) => server.server.emit('head', socket));
    const abort = new AbortController();
    const pending = reasonOf(clientFor(server).fetch(...args(server.url, abort.signal)));
    const [socket] = await once(server.server, 'head');
    abort.abort(reason);
    expect(await pending).toBe(abort.signal.reason);
    if (!socket.closed) await once(socket, 'close');
  });

  test.each(REASONS)('that is aborted while the body streams, with %s', async (_name, reason) => {
    const server = await serveRaw((socket) => {
      socket.write(`${HEAD}3\r\none\r\n`);
      server.socket = socket;
    });
    const abort = new AbortController();
    const { body } = await clientFor(server).fetch(...args(server.url, abort.signal));
    const reader = body.getReader();
    await reader.read();
    const pending = reasonOf(reader.read());
    abort.abort(reason);
    expect(await pending).toBe(abort.signal.reason);
    expect(await reasonOf(reader.closed)).toBe(abort.signal.reason);
    if (!server.socket.closed) await once(server.socket, 'close');
  });

  const readers = ['text', 'json', 'arrayBuffer', 'blob', 'formData', 'bytes'];
  test.each(readers)('that is aborted while %s waits, or before it does', async (how) => {
    const server = await serveRaw((socket) => socket.write(HEAD));
    const abort = new AbortController();
    const { fetch } = clientFor(server);
    const [one, other] = await Promise.all([
      fetch(...args(server.url, abort.signal)),
      fetch(...args(server.url, abort.signal)),
    ]);
    const pending = reasonOf(one[how]());
    abort.abort();
    expect(await pending).toBe(abort.signal.reason);
    expect(await reasonOf(other[how]())).toBe(abort.signal.reason);
  });

  test('that is aborted before a small body is read', async () => {
    const server = await serve();
    const abort = new AbortController();
    const { fetch } = clientFor(server);
    const call = () => fetch(...args(server.url, abort.signal));
    const [one, two, three] = await Promise.all([call(), call(), call()]);
    abort.abort('stop');
    expect(await reasonOf(one.text())).toBe('stop');
    expect(await reasonOf(two.body.getReader().read())).toBe('stop');
    expect(await reasonOf(three.clone().blob())).toBe('stop');
  });
});

test.each(['text', 'json', 'arrayBuffer', 'blob', 'formData'])(
  'a signal that is aborted right after %s was called on a small body fails it, as in fetch',
  async (how) => {
    const { compare } = await serveBoth((_request, response) => response.end('{}'));
    const { got } = await compare(async (fetch, url) => {
      const abort = new AbortController();
      const response = await fetch(url, { signal: abort.signal });
      const pending = reasonOf(response[how]());
      abort.abort('stop');
      return pending;
    });
    expect(got).toBe('stop');
  },
);

test('a Request that waits for its body is aborted at once, and its body cancelled', async () => {
  const server = await serve();
  let cancelled;
  const cancellation = new Promise((resolve) => (cancelled = resolve));
  const body = new ReadableStream({ cancel: cancelled });
  const abort = new AbortController();
  const request = new Request(server.url, { method: 'POST', body, duplex: 'half', signal: abort.signal });
  const pending = reasonOf(clientFor(server).fetch(request));
  abort.abort('stop');
  expect(await pending).toBe('stop');
  await cancellation;
  expect(server.sockets.size).toBe(0);
});

test('a signal of null in init takes a Request’s away', async () => {
  const server = await serve();
  const request = new Request(server.url, { signal: AbortSignal.abort() });
  expect((await clientFor(server).fetch(request, { signal: null })).status).toBe(200);
});

test('a signal remembers no request that is over', async () => {
  const server = await serve((_request, response) => response.end('x'.repeat(300_000)));
  const { fetch } = clientFor(server);
  const { signal } = new AbortController();
  for (let i = 0; i < 20; i += 1) await (await fetch('/', { signal })).text();
  await (await fetch('/', { signal })).body.pipeTo(new WritableStream());
  await (await fetch('/', { signal })).body.cancel();
  expect(listeners(signal)).toBe(0);
});

test('a request that others wait with goes on without the one that left', async () => {
  const server = await serve();
  let refresh;
  const client = clientFor(server, {
    tokens: { accessToken: 'first', refreshToken: 'r', expiresAt: 1 },
    refresh: () => new Promise((resolve) => (refresh = resolve)),
  });
  const abort = new AbortController();
  const left = reasonOf(client.fetch('/', { signal: abort.signal }));
  const stayed = client.fetch('/');
  while (refresh === undefined || client.stats().queued < 2) await new Promise(setImmediate);
  abort.abort('enough');
  expect(await left).toBe('enough');
  refresh({ accessToken: 'second' });
  expect((await stayed).status).toBe(200);
  expect(server.seen).toHaveLength(1);
});

test('a Request that nobody holds any more can still be aborted', async () => {
  const server = await serve((request, response) => {
    if (request.url === '/small') response.end('small');
    else if (request.url === '/streams') response.write('streams');
  });
  const script = path.join(__dirname, 'programs', 'request-signal.mjs');
  const child = start(['--expose-gc', script, JSON.stringify({ url: server.url })]);
  const reasons = ['on the wire', 'streaming', 'small'];
  expect(await reported(child)).toEqual({ request: reasons, init: reasons });
});
