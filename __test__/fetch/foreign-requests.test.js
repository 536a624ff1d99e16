'use strict';

// Requests of other packages. Those of node-fetch have no integrity, often no signal, and a stream of Node, bytes or a Blob as
// their body, where the platform's have a web stream.

const { once } = require('node:events');
const { Readable } = require('node:stream');
const { clientFor, closeServers, serve, serveExpired, serveRaw } = require('../requests/servers.js');

afterEach(closeServers);

class PackageHeaders {
  #pairs;

  constructor(init = {}) {
    this.#pairs = Object.entries(init);
  }

  *[Symbol.iterator]() {
    yield* this.#pairs;
  }

  get [Symbol.toStringTag]() {
    return 'Headers';
  }
}

class PackageRequest {
  bodyUsed = false;
  redirect = 'follow';

  constructor(url, { method = 'GET', headers, body = null, signal = null } = {}) {
    Object.assign(this, { url, method, headers: new PackageHeaders(headers), body, signal });
  }

  get [Symbol.toStringTag]() {
    return 'Request';
  }
}

const BODIES = [
  ['a stream of Node', () => Readable.from([Buffer.from('zw'), Buffer.from('ölf')], { objectMode: false })],
  ['a web stream', () => new Blob(['zwölf']).stream()],
  ['bytes', () => Buffer.from('zwölf')],
  ['a Blob', () => new Blob(['zwölf'])],
];

const WAYS = [
  ['a Request', (request) => [request]],
  ['an init', (request) => [request.url, request]],
];
const CASES = WAYS.flatMap(([way, args]) => BODIES.map(([kind, body]) => [way, kind, args, body]));

test.each(WAYS)('one as %s without a body is sent', async (_way, args) => {
  const server = await serve();
  const request = new PackageRequest(`${server.url}/path`, { headers: { 'x-one': '1' } });
  const response = await clientFor(server).fetch(...args(request));
  expect([response.status, await response.text()]).toEqual([200, 'ok']);
  expect(server.seen).toMatchObject([{ method: 'GET', url: '/path', headers: { 'x-one': '1' } }]);
});

test.each(CASES)('one as %s with %s is sent, and again after a rotation', async (_way, _kind, args, body) => {
  const { server, client } = await serveExpired((_request, response) => response.end());
  const headers = { 'content-type': 'text/x' };
  const request = new PackageRequest(server.url, { method: 'POST', body: body(), headers });
  expect((await client.fetch(...args(request))).status).toBe(200);
  expect(server.seen.map(({ method, body: sent }) => [method, String(sent)])).toEqual([
    ['POST', 'zwölf'],
    ['POST', 'zwölf'],
  ]);
  expect(server.seen[1].headers['content-type']).toBe('text/x');
});

test('one whose body was read is refused', async () => {
  const server = await serve();
  const body = Readable.from([Buffer.from('read')]);
  const request = Object.assign(new PackageRequest(server.url, { method: 'POST', body }), { bodyUsed: true });
  await expect(clientFor(server).fetch(request)).rejects.toMatchObject({ name: 'TypeError' });
  expect(server.seen).toEqual([]);
});

test.each([
  ['url', undefined, 'fetch needs a URL or a Request'],
  ['url', null, 'fetch needs a URL or a Request'],
  ['method', null, 'method must be an HTTP method'],
  ['method', 7, 'method must be an HTTP method'],
  ['method', {}, 'method must be an HTTP method'],
  ['method', 'TRACE', 'method must not be TRACE'],
])('one whose %s is %j is refused', async (name, value, message) => {
  const server = await serve();
  const request = Object.assign(new PackageRequest(server.url), { [name]: value });
  await expect(clientFor(server).fetch(request)).rejects.toMatchObject({ name: 'TypeError', message });
  expect(server.seen).toEqual([]);
});

test('its url and its method are read as those of an init', async () => {
  const server = await serve();
  const request = new PackageRequest(new URL('/path', server.url), { method: 'post' });
  expect((await clientFor(server).fetch(request)).status).toBe(200);
  expect(server.seen).toMatchObject([{ method: 'POST', url: '/path' }]);
});

test('its signal aborts the request, and its stream', async () => {
  const server = await serveRaw((socket) => server.server.emit('head', socket));
  const body = new Readable({ read() {} });
  body.push('begun');
  const controller = new AbortController();
  const { signal } = controller;
  const pending = clientFor(server)
    .fetch(new PackageRequest(server.url, { method: 'POST', body, signal }))
    .catch((reason) => reason);
  await once(server.server, 'head');
  controller.abort(new RangeError('enough'));
  expect(await pending).toBe(signal.reason);
  if (!body.closed) await once(body, 'close').catch(() => {});
  expect(body.errored).toBe(signal.reason);
});
