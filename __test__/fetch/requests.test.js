'use strict';

// Whatever fetch takes, a client's fetch makes the same request of. The platform's own is asked what that is.

const { Readable } = require('node:stream');
const { closeServers } = require('../requests/servers.js');
const { serveBoth } = require('./both.js');

let both;
beforeAll(async () => {
  both = await serveBoth((_request, response) => response.end('ok'));
});
afterAll(closeServers);

const streamOf = (...chunks) =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
const bytes = (...values) => new Uint8Array(values);

function form() {
  const form = new FormData();
  form.append('a', 'one\ntwo');
  form.append('quoted "name"', 'ü');
  form.append('file', new File(['file'], 'n "1".txt', { type: 'text/x' }));
  form.append('blob', new Blob([bytes(0, 255)]));
  return form;
}

const INPUTS = [
  ['a string', (url) => [`${url}/path?q=1`]],
  ['a URL', (url) => [new URL(`${url}/path?q=1`)]],
  ['a fragment, which is not sent', (url) => [`${url}/path#fragment`]],
  ['something that is written as a URL', (url) => [{ toString: () => url }]],
  ['an empty init', (url) => [url, {}]],
  ['an init with nothing in it', (url) => [url, { method: undefined, headers: undefined, body: undefined }]],
  ['an init with things fetch does not know', (url) => [url, { timeout: 1, agent: {}, query: { a: 1 } }]],
  [
    'an init with a class',
    (url) => [
      url,
      new (class {
        method = 'PUT';
      })(),
    ],
  ],
  [
    'an init with getters',
    (url) => [
      url,
      new (class {
        get method() {
          return 'PUT';
        }
      })(),
    ],
  ],
];

const METHODS = [
  'GET',
  'get',
  'HEAD',
  'POST',
  'post',
  'Put',
  'DELETE',
  'delete',
  'OPTIONS',
  'PATCH',
  'PURGE',
  'purge',
];

const HEADERS = [
  ['an object', { 'X-A': 'b', 'x-c': 'd' }],
  [
    'pairs',
    [
      ['x-a', 'b'],
      ['x-a', 'c'],
      ['X-A', 'd'],
    ],
  ],
  ['Headers', new Headers({ 'x-a': 'b' })],
  ['a Map', new Map([['x-a', 'b']])],
  ['names that differ in case', { 'X-A': '1', 'x-a': '2' }],
  ['values that are no strings', { a: 1, b: null, c: undefined, d: true, e: ['x', 'y'] }],
  ['blanks around a value', { 'x-a': ' \t b c \n' }],
  ['an empty value', { 'x-a': '' }],
  ['Latin-1', { 'x-a': 'é' }],
  ['a cookie', { cookie: 'a=b' }],
  ['the connection as it is', { connection: 'keep-alive' }],
];

const BODIES = [
  ['text', () => 'héllo'],
  ['empty text', () => ''],
  ['a form', () => new URLSearchParams({ a: 'b c', d: 'ü' })],
  ['bytes', () => bytes(0, 1, 255)],
  ['a part of a buffer', () => bytes(0, 1, 2, 3).subarray(1, 3)],
  ['an ArrayBuffer', () => bytes(1, 2).buffer],
  ['a DataView', () => new DataView(bytes(1, 2, 3).buffer, 1)],
  ['a Buffer', () => Buffer.from('buffer')],
  ['a Blob', () => new Blob(['blob'])],
  ['a Blob with a type', () => new Blob(['blob'], { type: 'text/x' })],
  ['an empty Blob', () => new Blob([])],
  ['FormData', form],
  ['a number', () => 5],
  ['false', () => false],
  ['an object', () => ({ a: 1 })],
  ['an array', () => [1, 2]],
  ['a function', () => () => 1],
  ['a promise', () => Promise.resolve('x')],
];

const STREAMS = [
  ['a stream of bytes', () => streamOf(bytes(1, 2), bytes(3))],
  ['a stream of text', () => streamOf('a', 'b')],
  ['a stream of Node', () => Readable.from([Buffer.from('a'), Buffer.from('b')])],
  [
    'an async generator',
    () =>
      (async function* () {
        yield 'a';
        yield bytes(98);
      })(),
  ],
];

test.each(INPUTS)('%s', async (_name, args) => {
  const { sent } = await both.compare((fetch, url) => fetch(...args(url)));
  expect(sent).toHaveLength(1);
});

test.each(METHODS)('method %s', async (method) => {
  await both.compare((fetch, url) => fetch(url, { method }));
  await both.compare((fetch, url) => fetch(new Request(url, { method })));
});

test.each(HEADERS)('headers: %s', async (_name, headers) => {
  const { sent } = await both.compare((fetch, url) => fetch(url, { headers }));
  expect(sent).toHaveLength(1);
});

test.each(BODIES)('a body: %s', async (_name, body) => {
  const { sent } = await both.compare((fetch, url) => fetch(url, { method: 'POST', body: body() }));
  expect(sent).toHaveLength(1);
  await both.compare((fetch, url) => fetch(new Request(url, { method: 'PUT', body: body() })));
});

test.each(STREAMS)('a body: %s', async (_name, body) => {
  const { sent } = await both.compare((fetch, url) =>
    fetch(url, { method: 'POST', body: body(), duplex: 'half' }),
  );
  expect(sent[0].sent['transfer-encoding']).toEqual(['chunked']);
});

test('a content-type of the caller’s wins over the body’s', async () => {
  const headers = { 'Content-Type': 'text/x' };
  const { sent } = await both.compare((fetch, url) => fetch(url, { method: 'POST', body: '{}', headers }));
  expect(sent[0].sent).toMatchObject({ 'content-type': ['text/x'] });
});

test('a content-length that is right', async () => {
  const headers = { 'content-length': '6' };
  const { sent } = await both.compare((fetch, url) => fetch(url, { method: 'POST', body: 'héllo', headers }));
  expect(sent[0].sent).toMatchObject({ 'content-length': ['6'] });
  const streamed = { method: 'POST', duplex: 'half', headers };
  await both.compare((fetch, url) => fetch(url, { ...streamed, body: streamOf('abc', 'def') }));
});

const WITH_REQUEST = [
  ['nothing else', undefined],
  ['an empty init', {}],
  ['another method', { method: 'PUT' }],
  ['other headers', { headers: { 'x-other': '1' } }],
  ['another body', { body: new URLSearchParams('a=1') }],
  ['no other body', { body: null }],
  ['other members', { redirect: 'manual', mode: 'same-origin', credentials: 'omit' }],
];

test.each(WITH_REQUEST)('a Request and %s', async (_name, init) => {
  const source = { method: 'POST', body: 'text', headers: { 'x-own': '1' } };
  const { sent } = await both.compare((fetch, url) => fetch(new Request(`${url}/path?q=1`, source), init));
  expect(sent).toHaveLength(1);
});

test('a Request’s body is used up', async () => {
  await both.compare(async (fetch, url) => {
    const request = new Request(url, { method: 'POST', body: 'text' });
    await fetch(request);
    return [request.bodyUsed, await fetch(request).catch(({ name }) => name)];
  });
});

test('a Request of whose body a part was read', async () => {
  const { got } = await both.compare(async (fetch, url) => {
    const request = new Request(url, { method: 'POST', body: 'text' });
    const reader = request.body.getReader();
    await reader.read();
    reader.releaseLock();
    return fetch(request);
  });
  expect(got).toEqual({ rejected: 'TypeError' });
});

test('members that mean nothing on a server', async () => {
  const init = { mode: 'cors', credentials: 'include', cache: 'default', referrer: 'about:client' };
  const more = { referrerPolicy: 'origin', keepalive: true, window: null, integrity: '', signal: null };
  await both.compare((fetch, url) => fetch(url, { ...init, ...more }));
});

test('what is in the URL itself, or in this process', async () => {
  await both.compare((fetch) => fetch('data:text/x,text'));
  await both.compare((fetch) => fetch(new Request(new URL('data:text/x,text'))));
  const url = URL.createObjectURL(new Blob(['text']));
  await both.compare((fetch) => fetch(url));
  URL.revokeObjectURL(url);
  const { sent } = await both.compare((fetch) => fetch(url));
  expect(sent).toHaveLength(0);
});

test('a Request as init', async () => {
  const { fetch } = both.client;
  const init = new Request(both.server.url, { method: 'PUT', body: 'text', headers: { 'x-own': '1' } });
  expect((await fetch(`${both.server.url}/elsewhere`, init)).status).toBe(200);
  const { method, url, headers, body } = both.server.seen.at(-1);
  expect([method, url, body.toString()]).toEqual(['PUT', '/elsewhere', 'text']);
  // Unlike the platform's, which streams it.
  expect(headers).toMatchObject({ 'content-length': '4', 'x-own': '1' });
});
