'use strict';

const { NetworkError } = require('../..');
const { QUERY, clientFor, closeServers, failure, freePort, serveRaw } = require('./servers.js');

afterEach(closeServers);

async function expectNetworkError(promise, code, origin) {
  const error = await failure(promise);
  expect(error).toBeInstanceOf(NetworkError);
  expect(error).toMatchObject({ code: 'ERR_NETWORK', retryable: true });
  expect(error.cause).toMatchObject({ code: expect.stringMatching(code) });
  expect(error.message).toContain(origin);
  expect(error.message).not.toContain('secret-path');
}

test('nobody listens: ECONNREFUSED', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  await expectNetworkError(clientFor({ url }).get(`/secret-path?${QUERY}`), /^ECONNREFUSED$/, url);
});

test('nobody has the name: ENOTFOUND, or EAI_AGAIN where no name server answers', async () => {
  const url = 'https://nobody.invalid';
  await expectNetworkError(clientFor({ url }).get(`/secret-path?${QUERY}`), /^(ENOTFOUND|EAI_AGAIN)$/, url);
});

test.each([
  ['resets the connection', (socket) => socket.resetAndDestroy(), /^ECONNRESET$/],
  ['hangs up', (socket) => socket.end(), /^ECONNRESET$/],
  ['hangs up in the head', (socket) => socket.end('HTTP/1.1 200 OK\r\nx-a'), /^ECONNRESET$/],
  [
    'hangs up in a body with a length',
    (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345'),
    /^ECONNRESET$/,
  ],
  [
    'hangs up in a chunk',
    (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab'),
    /^ECONNRESET$/,
  ],
  [
    'hangs up between chunks',
    (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n'),
    /^ECONNRESET$/,
  ],
  ['speaks another protocol', (socket) => socket.end('220 mail.example ESMTP\r\n'), /^HPE_/],
  ['sends a status that is none', (socket) => socket.end('HTTP/1.1 two OK\r\n\r\n'), /^HPE_/],
  [
    'sends two lengths',
    (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 5\r\n\r\nabcde'),
    /^HPE_/,
  ],
  [
    'sends a length that is none',
    (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nabcde'),
    /^HPE_/,
  ],
  ['sends a header without a name', (socket) => socket.end('HTTP/1.1 200 OK\r\n: x\r\n\r\n'), /^HPE_/],
  ['sends a NUL in a header', (socket) => socket.end('HTTP/1.1 200 OK\r\nx-a: \0\r\n\r\n'), /^HPE_/],
  [
    'sends a chunk size that is none',
    (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nab'),
    /^HPE_/,
  ],
  [
    'sends 2 001 headers',
    (socket) => socket.end(`HTTP/1.1 200 OK\r\n${'x-a: 1\r\n'.repeat(2001)}\r\n`),
    /^HPE_/,
  ],
  [
    'sends a head of a megabyte',
    (socket) => socket.end(`HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(1024 * 1024)}\r\n\r\n`),
    /^HPE_/,
  ],
])('a server that %s', async (_name, handler, code) => {
  const server = await serveRaw(handler);
  await expectNetworkError(clientFor(server).get(`/secret-path?${QUERY}`), code, server.url);
});

test('100 headers are fine', async () => {
  const server = await serveRaw((socket) => socket.end(`HTTP/1.1 204 OK\r\n${'x-a: 1\r\n'.repeat(100)}\r\n`));
  expect((await clientFor(server).get('/')).headers.get('x-a')).toBe(Array(100).fill('1').join(', '));
});

test.each([
  ['get', false],
  ['post', false],
  // It may have been carried out.
  ['post', true],
  ['patch', true],
])('a %s under retry %p that got no answer is not sent again', async (verb, retry) => {
  const server = await serveRaw((socket) => socket.end());
  await expectNetworkError(clientFor(server, { retry })[verb]('/'), /^ECONNRESET$/, server.url);
  expect(server.connections).toHaveLength(1);
});

test.each(['get', 'head', 'put', 'delete'])(
  'a %s that got no answer is sent twice more by default',
  async (verb) => {
    const server = await serveRaw((socket) => socket.end());
    await expectNetworkError(clientFor(server, { retry: undefined })[verb]('/'), /^ECONNRESET$/, server.url);
    expect(server.connections).toHaveLength(3);
  },
);

test('a second answer that nobody asked for is never the next request’s', async () => {
  const answer = (text) => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
  const server = await serveRaw((socket, head) => {
    socket.write(head.startsWith('GET /first') ? answer('first') + answer('stale') : answer('second'));
  });
  const client = clientFor(server);
  expect(await (await client.get('/first')).text()).toBe('first');
  expect(await (await client.get('/second')).text()).toBe('second');
});

test('the client works on after every failure', async () => {
  const server = await serveRaw((socket, _head, count) => {
    if (count % 2 === 1) return socket.resetAndDestroy();
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
  });
  const client = clientFor(server);
  for (let round = 0; round < 10; round++) {
    await expectNetworkError(client.get('/'), /^ECONNRESET$/, server.url);
    expect(await client.get('/')).toMatchObject({ status: 200 });
  }
});
