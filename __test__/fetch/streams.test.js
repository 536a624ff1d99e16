'use strict';

// Bodies that take their time, in both directions.

const { once } = require('node:events');
const path = require('node:path');
const { Readable } = require('node:stream');
const { endChildren, reported, start } = require('../lifecycle/child.js');
const { clientFor, closeServers, failure, serve, serveRaw } = require('../requests/servers.js');

afterEach(endChildren);
afterEach(closeServers);

const MIB = 1024 * 1024;
const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const chunk = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;

/** Turns of the event loop until it is so. */
async function until(condition) {
  while (!condition()) await new Promise(setImmediate);
}

/** A server that has sent the head and `first`, and goes on when it is told: `next(text)`. */
async function serveSlowly(first = 'one') {
  const server = await serveRaw((socket) => {
    socket.write(CHUNKED + chunk(first));
    server.next = (text) => socket.write(chunk(text));
    server.end = () => socket.write('0\r\n\r\n');
    server.socket = socket;
  });
  return server;
}

test('a body is read as it arrives', async () => {
  const server = await serveSlowly();
  const response = await clientFor(server).fetch('/');
  const reader = response.body.getReader();
  const text = async () => Buffer.from((await reader.read()).value).toString();
  expect(await text()).toBe('one');
  server.next('two');
  expect(await text()).toBe('two');
  server.end();
  expect(await reader.read()).toEqual({ done: true, value: undefined });
});

test('both clones of such a body read all of it', async () => {
  const server = await serveSlowly();
  const response = await clientFor(server).fetch('/');
  const clone = response.clone();
  const texts = [response.text(), clone.text()];
  server.next('two');
  server.end();
  expect(await Promise.all(texts)).toEqual(['onetwo', 'onetwo']);
  expect(clone.url).toBe(response.url);
});

test('garbage collection takes nothing from a clone, nor from its stream', async () => {
  const slow = [];
  const server = await serve((request, response) => {
    if (request.url === '/end') for (const each of slow) each.end('two');
    else slow.push(response);
    response[request.url === '/end' ? 'end' : 'write']('one');
  });
  const script = path.join(__dirname, 'programs', 'clones.mjs');
  const child = start(['--expose-gc', script, JSON.stringify({ url: server.url })]);
  const whole = ['onetwo', 'onetwo'];
  expect(await reported(child)).toEqual({ responses: whole, streams: whole });
});

test('a body that is cancelled frees its connection', async () => {
  const server = await serveSlowly();
  const { body } = await clientFor(server).fetch('/');
  const closed = once(server.socket, 'close');
  await body.cancel();
  await closed;
});

test.each([204, 205, 304])('the body of a %i, which has none, is not waited for', async (status) => {
  const server = await serveRaw((socket) => {
    socket.write(CHUNKED.replace('200', status) + chunk('one'));
    server.socket = socket;
  });
  const response = await clientFor(server).fetch('/');
  expect([response.status, response.body, await response.text()]).toEqual([status, null, '']);
  if (!server.socket.closed) await once(server.socket, 'close');
});

describe('a body that breaks off', () => {
  const readers = [
    ['text', (response) => response.text()],
    ['json', (response) => response.json()],
    ['blob', (response) => response.blob()],
    ['the platform’s text', (response) => Response.prototype.text.call(response)],
  ];
  test.each(readers)('fails %s as fetch’s does', async (_how, read) => {
    const server = await serveSlowly('{');
    const response = await clientFor(server).fetch('/');
    const error = failure(read(response));
    server.socket.destroy();
    expect(await error).toMatchObject({
      name: 'TypeError',
      message: 'terminated',
      cause: { code: 'ERR_NETWORK' },
    });
  });

  test('fails its stream after what did arrive', async () => {
    const server = await serveSlowly();
    const { body } = await clientFor(server).fetch('/');
    const reader = body.getReader();
    expect(Buffer.from((await reader.read()).value).toString()).toBe('one');
    server.socket.destroy();
    const error = await failure(reader.read());
    expect(error).toMatchObject({ name: 'TypeError', message: 'terminated', cause: { code: 'ERR_NETWORK' } });
  });
});

test('maxResponseSize bounds what is held, and not what is streamed', async () => {
  const server = await serve((_request, response) => response.end('x'.repeat(MIB)));
  const { fetch } = clientFor(server, { maxResponseSize: MIB - 1 });
  for (const how of ['text', 'json', 'arrayBuffer']) {
    expect(await failure((await fetch('/'))[how]())).toMatchObject({ code: 'ERR_TOO_LARGE' });
  }
  let size = 0;
  for await (const part of (await fetch('/')).body) size += part.byteLength;
  expect(size).toBe(MIB);
});

/** A server that answers when the body is complete; `text` is what has arrived. */
async function serveUpload() {
  const server = await serveRaw();
  const answered = until(() => server.connections[0]?.text.endsWith('0\r\n\r\n'));
  answered.then(() => server.connections[0].socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
  return Object.assign(server, { has: (text) => until(() => server.connections[0]?.text.includes(text)) });
}

const SENT_AS_MADE = [
  ['a stream', (url, body) => [url, { method: 'POST', body, duplex: 'half' }]],
  ['a Request', (url, body) => [new Request(url, { method: 'POST', body, duplex: 'half' })]],
  ['a Request as init', (url, body) => [url, new Request(url, { method: 'POST', body, duplex: 'half' })]],
];

test.each(SENT_AS_MADE)('%s is sent while it is made', async (_name, args) => {
  const server = await serveUpload();
  async function* body() {
    yield Buffer.from('first');
    await server.has('first');
    yield Buffer.from('second');
    await server.has('second');
  }
  const response = await clientFor(server).fetch(
    ...args(server.url, ReadableStream.from?.(body()) ?? body()),
  );
  expect(response.status).toBe(200);
});

test('a large Request arrives as it is', async () => {
  const server = await serve((_request, response) => response.end());
  const body = Buffer.alloc(3 * MIB, (_, i) => i % 251);
  await clientFor(server).fetch(new Request(server.url, { method: 'PUT', body }));
  expect(server.seen[0].body.equals(body)).toBe(true);
});

const FAILING = new RangeError('of the caller');
const failing = () =>
  new ReadableStream({
    pull() {
      throw FAILING;
    },
  });

test.each(SENT_AS_MADE)('%s that fails is the cause of the cause', async (_name, args) => {
  const server = await serve();
  const error = await failure(clientFor(server).fetch(...args(server.url, failing())));
  expect(error).toMatchObject({
    name: 'TypeError',
    message: 'fetch failed',
    cause: { code: 'ERR_BODY_FAILED' },
  });
  expect(error.cause.cause).toBe(FAILING);
});

test('a Request whose stream gives what cannot be sent is let go of', async () => {
  const server = await serve();
  const cancel = jest.fn();
  const body = new ReadableStream({ pull: (controller) => controller.enqueue(7), cancel });
  const request = new Request(server.url, { method: 'POST', body, duplex: 'half' });
  expect(await failure(clientFor(server).fetch(request))).toMatchObject({ name: 'TypeError' });
  expect(cancel).toHaveBeenCalledTimes(1);
  expect(server.seen).toHaveLength(0);
});

test('a stream whose content-length is no number is let go of', async () => {
  const server = await serve();
  const body = new Readable({ read() {} });
  const init = { method: 'POST', body, duplex: 'half', headers: { 'content-length': 'many' } };
  expect(await failure(clientFor(server).fetch('/', init))).toMatchObject({ name: 'TypeError' });
  if (!body.closed) await once(body, 'close');
  expect(server.seen).toHaveLength(0);
});

test.each([
  ['longer', 5],
  ['shorter', 7],
])('a stream that is %s than its content-length says fails', async (_name, length) => {
  const server = await serve();
  async function* body() {
    yield 'abc';
    yield 'def';
  }
  const init = {
    method: 'POST',
    body: body(),
    duplex: 'half',
    headers: { 'content-length': String(length) },
  };
  const error = await failure(clientFor(server).fetch('/', init));
  expect(error).toMatchObject({ name: 'TypeError', cause: { code: 'ERR_BODY_FAILED' } });
});

const NOT_NEEDED = [
  ...SENT_AS_MADE,
  [
    'a stream of known length',
    (url, body) => [url, { method: 'POST', body, duplex: 'half', headers: { 'content-length': '1' } }],
  ],
];

test.each(NOT_NEEDED)('%s that is not needed is cancelled', async (_name, args) => {
  let cancelled;
  const cancellation = new Promise((resolve) => (cancelled = resolve));
  const body = new ReadableStream({ cancel: cancelled });
  // Its origin gets no token, and so no request.
  const { fetch } = clientFor(undefined, { baseURL: 'http://localhost:1' });
  expect(await failure(fetch(...args('http://127.0.0.1:1/', body)))).toMatchObject({
    code: 'ERR_ORIGIN_NOT_ALLOWED',
  });
  await cancellation;
});
