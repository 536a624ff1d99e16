'use strict';

// A stream that is being sent, or that still waits, is cancelled with the reason of the abort: programs that make streams look at
// the reason to tell an abort from a failure.

const axios = require('axios');
const { once } = require('node:events');
const { Readable } = require('node:stream');
const { axiosAdapter } = require('../../lib/axios.js');
const { clientFor, closeServers, serve, serveRaw } = require('./servers.js');

afterEach(closeServers);

const REASONS = [
  ['none given', undefined],
  ['an error', new RangeError('of the program')],
  ['a text', 'enough'],
];

/** { body, cancelled }: a stream that gives one part, and a promise of the reason for which it was cancelled. */
const STREAMS = {
  'a web stream': () => {
    let cancel;
    const cancelled = new Promise((resolve) => (cancel = resolve));
    const start = (controller) => controller.enqueue(new TextEncoder().encode('part'));
    return { body: new ReadableStream({ start, cancel }), cancelled };
  },
  'a byte stream': () => {
    let cancel;
    const cancelled = new Promise((resolve) => (cancel = resolve));
    const start = (controller) => controller.enqueue(new TextEncoder().encode('part'));
    return { body: new ReadableStream({ type: 'bytes', start, cancel }), cancelled };
  },
  // Without a listener for its errors: these must not end the process.
  'a stream of Node': () => {
    let cancel;
    const cancelled = new Promise((resolve) => (cancel = resolve));
    const destroy = (error, callback) => {
      cancel(error);
      callback(error);
    };
    const body = new Readable({ read() {}, destroy });
    body.push('part');
    return { body, cancelled };
  },
};

/** Only an iterator that was asked for can be told. */
const ITERABLES = {
  'an async iterable': () => {
    let cancel;
    const cancelled = new Promise((resolve) => (cancel = resolve));
    const parts = [{ value: 'part' }];
    const next = () => parts.pop() ?? new Promise(() => {});
    const body = { [Symbol.asyncIterator]: () => ({ next, return: cancel }) };
    return { body, cancelled };
  },
};

const WAYS = {
  'client.post': (client, body, signal) => client.post('/', body, { signal }),
  'client.post of a function': (client, body, signal) => client.post('/', () => body, { signal }),
  'client.fetch': (client, body, signal) =>
    client.fetch('/', { method: 'POST', body, duplex: 'half', signal }),
  'client.fetch with a length': (client, body, signal) =>
    client.fetch('/', { method: 'POST', body, duplex: 'half', signal, headers: { 'content-length': '9' } }),
};

const withEach = (kinds) =>
  Object.keys(WAYS).flatMap((way) => Object.entries(kinds).map(([kind, make]) => [way, kind, make]));
const CASES = withEach(STREAMS);
const settled = (promise) =>
  promise.then(
    () => 'no rejection',
    (reason) => reason,
  );

describe.each(REASONS)('with %s as reason', (_name, reason) => {
  test.each(withEach({ ...STREAMS, ...ITERABLES }))('%s: %s that is being sent', async (way, _kind, make) => {
    const server = await serveRaw((socket) => server.server.emit('head', socket));
    const { body, cancelled } = make();
    const { signal, abort } = controller();
    const pending = settled(WAYS[way](clientFor(server), body, signal));
    await once(server.server, 'head');
    abort(reason);
    expect(await pending).toBe(signal.reason);
    expect(await cancelled).toBe(signal.reason);
  });

  test.each(CASES)('%s: %s that waits for a rotation', async (way, _kind, make) => {
    const server = await serve();
    let asked;
    const refreshing = new Promise((resolve) => (asked = resolve));
    const client = clientFor(server, {
      tokens: { accessToken: 'first', refreshToken: 'r', expiresAt: 1 },
      refresh: () => new Promise((resolve) => asked(() => resolve({ accessToken: 'second' }))),
    });
    const { body, cancelled } = make();
    const { signal, abort } = controller();
    const pending = settled(WAYS[way](client, body, signal));
    const answer = await refreshing;
    abort(reason);
    expect(await pending).toBe(signal.reason);
    // A function's stream is the program's until it is opened.
    if (way !== 'client.post of a function') expect(await cancelled).toBe(signal.reason);
    answer();
  });

  test.each(CASES)('%s: %s whose signal was aborted before', async (way, _kind, make) => {
    const server = await serve();
    const { body, cancelled } = make();
    const signal = AbortSignal.abort(reason);
    expect(await settled(WAYS[way](clientFor(server), body, signal))).toBe(signal.reason);
    if (way !== 'client.post of a function') expect(await cancelled).toBe(signal.reason);
    expect(server.sockets.size).toBe(0);
  });

  test.each(['is sent', 'waits for its body'])('client.fetch of a Request that %s', async (when) => {
    const server = await serveRaw((socket) => server.server.emit('head', socket));
    const { body, cancelled } = STREAMS['a web stream']();
    const { signal, abort } = controller();
    const request = new Request(server.url, { method: 'POST', body, duplex: 'half', signal });
    const pending = settled(clientFor(server).fetch(request));
    if (when === 'is sent') await once(server.server, 'head');
    abort(reason);
    expect(await pending).toBe(signal.reason);
    expect(await cancelled).toBe(signal.reason);
  });
});

test.each([undefined, () => {}])(
  'axios: a stream is destroyed with the signal’s reason',
  async (onUploadProgress) => {
    const server = await serveRaw((socket) => server.server.emit('head', socket));
    const { body, cancelled } = STREAMS['a stream of Node']();
    const { signal, abort } = controller();
    const adapter = axiosAdapter(clientFor(server));
    const pending = settled(axios.post(server.url, body, { adapter, signal, onUploadProgress }));
    await once(server.server, 'head');
    abort(new RangeError('of the program'));
    expect(await pending).toMatchObject({ code: 'ERR_CANCELED' });
    expect(await cancelled).toBe(signal.reason);
  },
);

function controller() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
}
