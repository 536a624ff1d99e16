'use strict';

const { Readable } = require('node:stream');
const { inspect } = require('node:util');
const { HttpError } = require('../..');
const { TOKEN, clientFor, closeServers, failure, serve, serveExpired, serveRaw } = require('./servers.js');

afterEach(closeServers);

/** A client of a server whose every answer is these bytes, Latin-1, and then the end of the connection. */
async function answeredWith(answer, options) {
  const server = await serveRaw((socket) => socket.end(Buffer.from(answer, 'latin1')));
  return clientFor(server, options);
}

describe('status', () => {
  test.each([200, 201, 206, 299, 300, 302, 304, 399, 400, 404, 418, 429, 499, 500, 503, 599])(
    '%i resolves',
    async (status) => {
      const server = await serve((_request, response) => response.writeHead(status).end());
      const response = await clientFor(server).get('/');
      expect(response).toMatchObject({
        status,
        ok: status < 300,
        attempts: 1,
        replays: 0,
        redirected: false,
      });
    },
  );

  test('1xx answers are passed over', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';
    const client = await answeredWith(`${early}${early}HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok`);
    const response = await client.get('/');
    expect([response.status, await response.text(), response.headers.has('link')]).toEqual([
      200,
      'ok',
      false,
    ]);
  });

  test.each([
    ['HTTP/1.1 200 All Right', 'All Right'],
    ['HTTP/1.1 404 Not Found', 'Not Found'],
    ['HTTP/1.1 299 ', ''],
    ['HTTP/1.1 299', ''],
    ['HTTP/1.0 200 OK', 'OK'],
  ])('%j has the status text %j', async (line, statusText) => {
    const client = await answeredWith(`${line}\r\ncontent-length: 0\r\n\r\n`);
    expect((await client.get('/')).statusText).toBe(statusText);
  });

  test('a status text beyond ASCII is shown as Latin-1, or not at all', async () => {
    const client = await answeredWith('HTTP/1.1 299 Caf\xe9\r\ncontent-length: 0\r\n\r\n');
    expect(['', 'Caf\xe9']).toContain((await client.get('/')).statusText);
  });

  test.each([400, 401, 404, 500])('%i rejects under throwHttpErrors, with the response', async (status) => {
    const server = await serve((_request, response) => response.writeHead(status, { 'x-a': '1' }).end('why'));
    const client = clientFor(server, { throwHttpErrors: true });
    const error = await failure(client.get('/?query-marker', { skipAuthRefresh: true }));
    expect(error).toBeInstanceOf(HttpError);
    expect(error).toMatchObject({
      code: 'ERR_HTTP_STATUS',
      message: expect.stringContaining(String(status)),
    });
    expect(error.response.status).toBe(status);
    expect(error.response.headers.get('x-a')).toBe('1');
    expect(await error.response.text()).toBe('why');
    expect(Object.keys(error)).not.toContain('response');
    const quiet = await client.get('/', { skipAuthRefresh: true, throwHttpErrors: false });
    expect(quiet.status).toBe(status);
  });

  test.each([200, 204, 304, 399])('%i resolves under throwHttpErrors', async (status) => {
    const server = await serve((_request, response) => response.writeHead(status).end());
    expect(await clientFor(server).get('/', { throwHttpErrors: true })).toMatchObject({ status });
  });
});

describe('headers', () => {
  test('are found in any case, repeated ones joined, cookies apart', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(
        200,
        [
          ['X-Many', 'a'],
          ['x-many', 'b'],
          ['Set-Cookie', 'a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT'],
          ['set-cookie', 'b=2'],
          ['x-empty', ''],
        ].flat(),
      );
      response.end();
    });
    const { headers } = await clientFor(server).get('/');
    expect(headers.get('X-MANY')).toBe('a, b');
    expect(headers.getSetCookie()).toEqual(['a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT', 'b=2']);
    expect(headers.get('x-empty')).toBe('');
    expect(headers.get('x-missing')).toBeNull();
  });

  test('cookies are not kept', async () => {
    const server = await serve((_request, response) => response.setHeader('set-cookie', 'a=1').end());
    const client = clientFor(server);
    await client.get('/');
    await client.get('/');
    expect(server.seen[1].headers).not.toHaveProperty('cookie');
  });

  test('bytes beyond ASCII are Latin-1', async () => {
    const client = await answeredWith(
      'HTTP/1.1 200 OK\r\nx-name: caf\xe9 \xc3\xa9\r\ncontent-length: 0\r\n\r\n',
    );
    expect((await client.get('/')).headers.get('x-name')).toBe('caf\xe9 \xc3\xa9');
  });

  test('a value that reads like another header stays a value', async () => {
    const client = await answeredWith(
      'HTTP/1.1 200 OK\r\nx-a: x-b\r\nx-c: x-d: 1\r\ncontent-length: 0\r\n\r\n',
    );
    const { headers } = await client.get('/');
    expect([...headers]).toEqual([
      ['content-length', '0'],
      ['x-a', 'x-b'],
      ['x-c', 'x-d: 1'],
    ]);
  });
});

describe('body', () => {
  const forms = ['text', 'bytes', 'arrayBuffer'];

  test.each([
    ['ASCII', Buffer.from('{"a":1}'), '{"a":1}'],
    ['UTF-8', Buffer.from('grüße 🦀'), 'grüße 🦀'],
    ['not UTF-8', Buffer.from([0x61, 0xff, 0x62]), 'a\ufffdb'],
    ['with NUL', Buffer.from('a\0b'), 'a\0b'],
    ['a byte order mark', Buffer.from('\ufeff{"a":1}'), '{"a":1}'],
    ['a byte order mark before UTF-8', Buffer.from('\ufeffü'), 'ü'],
    ['64 KiB and more', Buffer.alloc(70_000, 'ü'), 'ü'.repeat(35_000)],
    ['256 KiB', Buffer.alloc(262_144, 'ü'), 'ü'.repeat(131_072)],
    ['more than 256 KiB', Buffer.alloc(262_146, 'ü'), 'ü'.repeat(131_073)],
  ])('%s', async (_name, bytes, text) => {
    const server = await serve((_request, response) => response.end(bytes));
    const response = await clientFor(server).get('/');
    for (let round = 0; round < 2; round++) {
      expect(await response.text()).toBe(text);
      const copies = [await response.bytes(), await response.arrayBuffer(), await all(response.body)];
      // Compared here: jest's own comparison takes seconds for this many bytes.
      expect(copies.map((copy) => Buffer.compare(Buffer.from(copy), bytes))).toEqual([0, 0, 0]);
    }
  });

  test('answers every buffer that a reader brings, also those it has nothing for', async () => {
    const server = await serve((_request, response) => response.end('abc'));
    const { body } = await clientFor(server).get('/');
    const reader = body.getReader({ mode: 'byob' });
    const reads = [8, 8, 8].map((size) => reader.read(new Uint8Array(size)));
    const [first, ...rest] = await Promise.all(reads);
    expect(Buffer.from(first.value).toString()).toBe('abc');
    expect(rest).toEqual([1, 2].map(() => ({ done: true, value: new Uint8Array(0) })));
  });

  test('is JSON as often as it is asked for, each time anew', async () => {
    const server = await serve((_request, response) => response.end('\ufeff{"a":["ü"],"__proto__":{"b":1}}'));
    const response = await clientFor(server).get('/');
    const first = await response.json();
    first.a.push('changed');
    expect(await response.json()).toEqual(JSON.parse('{"a":["ü"],"__proto__":{"b":1}}'));
    expect({}.b).toBeUndefined();
  });

  test('that is no JSON is not quoted by the error', async () => {
    const server = await serve((_request, response) => response.end(`<html>${TOKEN}</html>`));
    const response = await clientFor(server).get('/');
    const error = await failure(response.json());
    expect(error).toMatchObject({ name: 'SyntaxError', message: expect.stringContaining('200') });
    expect(inspect(response)).not.toContain(TOKEN);
    expect(await response.text()).toContain(TOKEN);
  });

  test('writing to one copy changes no other', async () => {
    const server = await serve((_request, response) => response.end(Buffer.from([200, 201])));
    const response = await clientFor(server).get('/');
    (await response.bytes()).fill(0);
    new Uint8Array(await response.arrayBuffer()).fill(0);
    expect([...(await response.bytes())]).toEqual([200, 201]);
  });

  test.each([
    ['200 without a body', 'get', '200 OK\r\ncontent-length: 0'],
    ['204', 'get', '204 No Content'],
    ['204 with a length', 'get', '204 No Content\r\ncontent-length: 5'],
    ['304 with a length', 'get', '304 Not Modified\r\ncontent-length: 5\r\ncontent-encoding: gzip'],
    ['HEAD with a length', 'head', '200 OK\r\ncontent-length: 5'],
    ['HEAD of a compressed one', 'head', '200 OK\r\ncontent-length: 5\r\ncontent-encoding: gzip'],
    ['HEAD of a chunked one', 'head', '200 OK\r\ntransfer-encoding: chunked'],
    ['a compressed nothing', 'get', '200 OK\r\ncontent-length: 0\r\ncontent-encoding: gzip'],
  ])('%s is empty', async (_name, verb, head) => {
    const client = await answeredWith(`HTTP/1.1 ${head}\r\n\r\n`);
    const response = await client[verb]('/');
    expect(response.body).toBeNull();
    expect(await response.text()).toBe('');
    for (const form of forms.slice(1)) expect((await response[form]()).byteLength).toBe(0);
    await expect(response.json()).rejects.toThrow(SyntaxError);
  });

  test('without a length ends with the connection', async () => {
    const client = await answeredWith('HTTP/1.0 200 OK\r\n\r\nto the end');
    expect(await (await client.get('/')).text()).toBe('to the end');
  });

  test('in chunks is put together, trailers left out', async () => {
    const client = await answeredWith(
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nx-trailer: 1\r\n\r\n',
    );
    const response = await client.get('/');
    expect([await response.text(), response.headers.has('x-trailer')]).toEqual(['abcde', false]);
  });
});

test('attempts and replays tell how often a request went out', async () => {
  const { server, client } = await serveExpired((_request, response) => response.end());
  expect(await client.get('/')).toMatchObject({ status: 200, attempts: 2, replays: 1 });
  expect(await client.get('/')).toMatchObject({ status: 200, attempts: 1, replays: 0 });
  expect(server.seen).toHaveLength(3);
  expect(client.stats()).toMatchObject({ requests: 2, replays: 1, rotations: 1 });
});

test('a 401 says why its request was not sent again, under throwHttpErrors as the cause', async () => {
  const unsent = { name: 'TokenRotatorError', code: 'ERR_BODY_NOT_REPLAYABLE' };
  const { server, client } = await serveExpired((_request, response) => response.end());
  const response = await client.post('/', Readable.from(['once']));
  expect(response).toMatchObject({ status: 401, attempts: 1, replays: 0, replayError: unsent });
  await client.setTokens({ accessToken: 'first', refreshToken: 'r' });
  const error = await failure(client.post('/', Readable.from(['once']), { throwHttpErrors: true }));
  expect(error).toMatchObject({ code: 'ERR_HTTP_STATUS', cause: unsent });
  expect(server.seen.map(({ body }) => String(body))).toEqual(['once', 'once']);
  const next = await client.post('/', Readable.from(['once']));
  expect([next.status, next.replayError]).toEqual([200, undefined]);
});

async function all(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
