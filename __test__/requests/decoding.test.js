'use strict';

const { once } = require('node:events');
const zlib = require('node:zlib');
const { NetworkError } = require('../..');
const { clientFor, closeServers, failure, serve, serveRaw } = require('./servers.js');

afterEach(closeServers);
jest.setTimeout(60_000);

const TEXT = JSON.stringify({ text: 'grüße '.repeat(40) });
/** TEXT by `zstd -19`: not every Node that runs this can compress so. */
const ZSTD = Buffer.from('KLUv/WRLANUAAJh7InRleHQiOiJncsO8w59lICJ9AQBrqncJFyJZEA==', 'base64');
const ENCODINGS = [
  ['gzip', zlib.gzipSync],
  ['br', zlib.brotliCompressSync],
  ['deflate', zlib.deflateSync],
  ['zstd', zlib.zstdCompressSync ?? (() => ZSTD)],
];
/** One frame of `blocks` run-length blocks of 64 KiB each: see RFC 8878 §3.1.1. */
const zstdBomb = (blocks) =>
  Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]),
    ...Array.from({ length: blocks }, (_, i) => {
      const head = Buffer.alloc(4);
      head.writeUIntLE((65_536 << 3) | (1 << 1) | (i === blocks - 1 ? 1 : 0), 0, 3);
      return head;
    }),
  ]);

const serveEncoded = (encoding, body, headers) =>
  serve((_request, response) =>
    response.writeHead(200, { 'content-encoding': encoding, ...headers }).end(body),
  );

test('asks for what it can decode', async () => {
  const server = await serve();
  await clientFor(server).get('/');
  const asked = server.seen[0].headers['accept-encoding'].split(/,\s*/);
  expect(asked.sort()).toEqual(['br', 'deflate', 'gzip', 'zstd']);
});

describe.each(ENCODINGS)('%s', (encoding, compress) => {
  test('is decoded, and its headers say nothing of it any more', async () => {
    const server = await serveEncoded(encoding, compress(Buffer.from(TEXT)), { 'x-other': '1' });
    const response = await clientFor(server).get('/');
    expect(await response.text()).toBe(TEXT);
    expect(await response.json()).toEqual(JSON.parse(TEXT));
    expect(response.headers.has('content-encoding')).toBe(false);
    expect(response.headers.has('content-length')).toBe(false);
    expect(response.headers.get('x-other')).toBe('1');
  });

  test('in small chunks is decoded all the same', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding });
      for (const byte of compress(Buffer.from(TEXT))) response.write(Buffer.from([byte]));
      response.end();
    });
    expect(await (await clientFor(server).get('/')).text()).toBe(TEXT);
  });

  test('cut short is a NetworkError', async () => {
    const body = compress(Buffer.from(TEXT));
    const server = await serveEncoded(encoding, body.subarray(0, body.length - 9));
    const error = await failure(clientFor(server).get('/'));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error.cause.code).toMatch(/^Z_/);
  });

  test('that is none is a NetworkError', async () => {
    const server = await serveEncoded(encoding, 'plain text that was never compressed');
    const error = await failure(clientFor(server).get('/'));
    expect(error).toMatchObject({ code: 'ERR_NETWORK', cause: { code: 'Z_DATA_ERROR' } });
  });
});

test.each([
  ['gzip', Buffer.concat([zlib.gzipSync('hel'), zlib.gzipSync('lo')])],
  ['zstd', Buffer.from('KLUv/QRYGQAAaGVsJkFVVSi1L/0EWBEAAGxvstu9cg==', 'base64')],
])('a body of several %s members is decoded to its end', async (encoding, body) => {
  const server = await serveEncoded(encoding, body);
  expect(await (await clientFor(server).get('/')).text()).toBe('hello');
});

test('an unknown encoding is left to the caller, with its header', async () => {
  const server = await serveEncoded('x-own', 'abc');
  const response = await clientFor(server).get('/');
  expect([await response.text(), response.headers.get('content-encoding')]).toEqual(['abc', 'x-own']);
});

describe('maxResponseSize', () => {
  const LIMIT = 100_000;
  const limited = (server) => clientFor(server, { maxResponseSize: LIMIT });
  const FORMS = ['text', 'json', 'bytes', 'arrayBuffer'];

  /** The head is the caller's all the same; whoever asks for the body in one piece, in any form, is refused. */
  async function expectTooLarge(promise) {
    const response = await promise;
    expect(response).toMatchObject({ status: 200, ok: true });
    for (const form of FORMS) {
      const error = await failure(response[form]());
      expect(error).toMatchObject({ name: 'TokenRotatorError', code: 'ERR_TOO_LARGE', retryable: false });
      expect(error.message).toContain(String(LIMIT));
    }
  }

  test.each([
    ['with a length', (response, size) => response.end(Buffer.alloc(size))],
    [
      'in chunks',
      (response, size) => {
        response.write(Buffer.alloc(size - 1));
        response.end('x');
      },
    ],
  ])('a body %s may be as large as the limit and no larger', async (_name, send) => {
    const server = await serve((request, response) => send(response, Number(request.url.slice(1))));
    const response = await limited(server).get(`/${LIMIT}`);
    expect((await response.bytes()).byteLength).toBe(LIMIT);
    await expectTooLarge(limited(server).get(`/${LIMIT + 1}`));
  });

  test('a length above the limit is not waited for', async () => {
    const server = await serveRaw((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${LIMIT + 1}\r\n\r\n`),
    );
    await expectTooLarge(limited(server).get('/'));
    const [{ socket }] = server.connections;
    if (!socket.closed) await once(socket, 'close');
  });

  test('a body read as a stream has none', async () => {
    const server = await serve((_request, response) => response.end(Buffer.alloc(5 * LIMIT)));
    const { body } = await limited(server).get('/');
    let size = 0;
    for await (const chunk of body) size += chunk.byteLength;
    expect(size).toBe(5 * LIMIT);
  });

  test.each([
    ['gzip', zlib.gzipSync(Buffer.alloc(64 * 1024 * 1024))],
    [
      'br',
      zlib.brotliCompressSync(Buffer.alloc(4 * 1024 * 1024), {
        params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 },
      }),
    ],
    ['deflate', zlib.deflateSync(Buffer.alloc(4 * 1024 * 1024))],
    ['zstd', zstdBomb(2000)],
  ])('counts what a %s bomb grows to', async (encoding, bomb) => {
    expect(bomb.length).toBeLessThan(LIMIT);
    const server = await serveEncoded(encoding, bomb);
    await expectTooLarge(limited(server).get('/'));
  });

  test('a bomb within the limit is decoded', async () => {
    const server = await serveEncoded('zstd', zstdBomb(16));
    expect((await (await clientFor(server).get('/')).bytes()).byteLength).toBe(1024 * 1024);
  });

  test('the client works on after a refusal', async () => {
    const server = await serve((request, response) =>
      response.end(Buffer.alloc(request.url === '/big' ? 2 * LIMIT : 1)),
    );
    const client = limited(server);
    await expectTooLarge(client.get('/big'));
    expect(await client.get('/small')).toMatchObject({ status: 200 });
  });
});
