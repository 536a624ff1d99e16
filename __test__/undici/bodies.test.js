'use strict';

// What is sent again is what was sent; what cannot be sent again is never replaced by nothing.

const { once } = require('node:events');
const { Readable } = require('node:stream');
const { Agent, FormData: UndiciFormData, fetch, interceptors } = require('undici');
const { clientFor, closeServers, failure, serve, serveExpired } = require('../requests/servers.js');
const { ask, useDispatchers } = require('./dispatchers.js');

const { keep, through } = useDispatchers();
afterEach(closeServers);

const ok = (_, response) => response.end('done');
/** Every byte, and no text. */
const BYTES = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256));
const shared = () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(3));
  bytes.set([1, 2, 3]);
  return bytes;
};
const form = (Form) => {
  const made = new Form();
  made.append('näme', 'zwei\nzeilen');
  made.append('file', new Blob([BYTES], { type: 'a/b' }), 'f.bin');
  return made;
};

/** Both sendings of a request, which were the same but for the token. */
function bothOf({ seen }) {
  expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
  const [first, second] = seen.map(({ headers: { authorization: _, ...headers }, body }) => ({
    headers,
    body,
  }));
  expect(second.headers).toEqual(first.headers);
  expect(second.body.equals(first.body)).toBe(true);
  return second;
}

test.each([
  ['text', () => 'zwölf', Buffer.from('zwölf')],
  ['empty text', () => '', Buffer.alloc(0)],
  ['a Buffer', () => BYTES, BYTES],
  [
    'a part of a buffer',
    () => new Uint8Array(BYTES.buffer, BYTES.byteOffset + 7, 500),
    BYTES.subarray(7, 507),
  ],
  ['numbers of 16 bits', () => new Uint16Array([1, 2, 3]), Buffer.from(new Uint16Array([1, 2, 3]).buffer)],
  ['shared memory', shared, Buffer.from([1, 2, 3])],
  ['an ArrayBuffer', () => new Uint8Array(BYTES).buffer, BYTES],
  ['a Blob', () => new Blob([BYTES]), BYTES],
  ['parts in an array', () => ['a', BYTES, 'b'], Buffer.concat([Buffer.from('a'), BYTES, Buffer.from('b')])],
])('%s', async (_kind, body, expected) => {
  const { server, client } = await serveExpired(ok);
  const answer = await ask(through(client), server.url, { method: 'POST', body: body() });
  expect(answer).toMatchObject({ status: 200, tokenRotator: { attempts: 2, replayError: undefined } });
  expect(bothOf(server).body.equals(expected)).toBe(true);
});

test.each([
  ['Node’s', FormData],
  ['undici’s', UndiciFormData],
])('a form, %s: one boundary for all sendings, and what was in it at the call', async (_whose, Form) => {
  const { server, client } = await serveExpired(ok);
  const body = form(Form);
  const answer = ask(through(client), server.url, { method: 'POST', body });
  body.append('later', 'x');
  expect(await answer).toMatchObject({ status: 200 });
  const sent = bothOf(server);
  const read = await new Response(sent.body, { headers: sent.headers }).formData();
  expect([...read.keys()]).toEqual(['näme', 'file']);
  expect(read.get('näme')).toBe('zwei\r\nzeilen');
  expect(Buffer.from(await read.get('file').arrayBuffer()).equals(BYTES)).toBe(true);
});

test.each([
  ['its buffer', (bytes) => bytes],
  ['an array’s buffers', (bytes) => [bytes.subarray(0, 3), bytes.subarray(3)]],
])('what the caller writes into %s after the call is not sent', async (_what, make) => {
  const { server, client } = await serveExpired(ok);
  const bytes = Buffer.from('as it was');
  const answer = ask(through(client), server.url, { method: 'POST', body: make(bytes) });
  bytes.fill('x');
  expect(await answer).toMatchObject({ status: 200 });
  expect(String(bothOf(server).body)).toBe('as it was');
});

describe('fetch, which makes an iterable of every body', () => {
  test.each([
    ['text', () => 'zwölf', Buffer.from('zwölf')],
    ['bytes', () => BYTES, BYTES],
    ['a Blob', () => new Blob([BYTES]), BYTES],
    ['a query', () => new URLSearchParams({ a: 'b c' }), Buffer.from('a=b+c')],
    ['a large text', () => 'x'.repeat(3_000_000), Buffer.alloc(3_000_000, 'x')],
  ])('%s', async (_kind, body, expected) => {
    const { server, client } = await serveExpired(ok);
    const answer = await fetch(server.url, { dispatcher: through(client), method: 'POST', body: body() });
    expect([answer.status, await answer.text()]).toEqual([200, 'done']);
    expect(bothOf(server).body.equals(expected)).toBe(true);
  });

  test('a form', async () => {
    const { server, client } = await serveExpired(ok);
    const body = form(UndiciFormData);
    const answer = await fetch(server.url, { dispatcher: through(client), method: 'POST', body });
    expect(answer.status).toBe(200);
    expect(bothOf(server).body.includes(BYTES)).toBe(true);
  });

  test('a stream: the server’s 401', async () => {
    const { server, client } = await serveExpired((_, response) => response.end('no'));
    const body = new Blob([BYTES]).stream();
    const options = { dispatcher: through(client), method: 'POST', body, duplex: 'half' };
    const answer = await fetch(server.url, options);
    expect([answer.status, await answer.text()]).toEqual([401, 'no']);
    expect(server.seen).toHaveLength(1);
  });
});

async function* generate() {
  yield 'once ';
  yield Buffer.from('only');
}

describe('what can be sent once', () => {
  test.each([
    ['a stream', () => Readable.from(generate(), { objectMode: false }), {}],
    [
      'a stream of known length',
      () => Readable.from(generate(), { objectMode: false }),
      { 'content-length': '9' },
    ],
    ['a generator', generate, {}],
    [
      'a web stream of known length',
      () => Readable.toWeb(Readable.from(generate(), { objectMode: false })),
      { 'content-length': '9' },
    ],
    ['a web stream', () => Readable.toWeb(Readable.from(generate(), { objectMode: false })), {}],
  ])('%s: the server’s own 401, marked, after the rotation', async (_kind, body, headers) => {
    const { server, client } = await serveExpired((_, response) => response.end('no'));
    const api = through(client);
    const answer = await ask(api, server.url, { method: 'POST', body: body(), headers });
    expect(answer).toMatchObject({ status: 401, text: 'no' });
    expect(answer.tokenRotator).toMatchObject({ attempts: 1, replays: 0 });
    expect(answer.tokenRotator.replayError).toMatchObject({ code: 'ERR_BODY_NOT_REPLAYABLE' });
    expect(server.seen.map(({ body }) => String(body))).toEqual(['once only']);

    expect(await ask(api, server.url)).toMatchObject({ status: 200 });
    expect(client.stats().rotations).toBe(1);
  });

  test('a stream that nothing comes of is nothing to lose', async () => {
    const { server, client } = await serveExpired(ok);
    const answer = await ask(through(client), server.url, { method: 'POST', body: Readable.from([]) });
    expect(answer).toMatchObject({ status: 200, tokenRotator: { replays: 1 } });
    expect(bothOf(server).body).toHaveLength(0);
  });

  test('a generator that says how long it is, is read before', async () => {
    const { server, client } = await serveExpired(ok);
    const headers = { 'content-length': '9' };
    const answer = await ask(through(client), server.url, { method: 'POST', body: generate(), headers });
    expect(answer).toMatchObject({ status: 200 });
    expect(String(bothOf(server).body)).toBe('once only');
  });

  test('a generator that uses its buffer again is sent as it was read', async () => {
    const { server, client } = await serveExpired(ok);
    const body = (async function* () {
      const buffer = Buffer.alloc(2);
      for (const letter of 'abc') yield buffer.fill(letter);
    })();
    const headers = { 'content-length': '6' };
    await ask(through(client), server.url, { method: 'POST', body, headers });
    expect(String(bothOf(server).body)).toBe('aabbcc');
  });

  test.each([
    ['more', '8'],
    ['less', '10'],
  ])('of a generator that makes %s than it said, nothing is sent', async (_what, length) => {
    const { server, client } = await serveExpired(ok);
    const options = { method: 'POST', body: generate(), headers: { 'content-length': length } };
    expect(await failure(ask(through(client), server.url, options))).toMatchObject({
      code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
    });
    expect(server.seen).toHaveLength(0);
  });

  test('a generator that goes on and on is not read on and on', async () => {
    const { server, client } = await serveExpired(ok);
    let made = 0;
    const body = (async function* () {
      while (made < 1000) {
        made += 1;
        yield 'more';
      }
    })();
    const options = { method: 'POST', body, headers: { 'content-length': '9' } };
    const code = 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH';
    expect(await failure(ask(through(client), server.url, options))).toMatchObject({ code });
    expect(made).toBe(3);
  });

  test('a stream is not listened to for longer than undici does', async () => {
    const server = await serve();
    const [left, plain] = await Promise.all(
      [through(clientFor(server)), keep(new Agent())].map(async (dispatcher) => {
        const body = Readable.from(generate(), { objectMode: false });
        await ask(dispatcher, server.url, { method: 'POST', body });
        return body.listenerCount('error');
      }),
    );
    expect(left).toBe(plain);
  });

  test('what a generator throws is what the request fails with', async () => {
    const server = await serve();
    const reason = new Error('no more');
    // eslint-disable-next-line require-yield
    const body = (async function* () {
      throw reason;
    })();
    const options = { method: 'POST', body, headers: { 'content-length': '9' } };
    expect(await failure(ask(through(clientFor(server)), server.url, options))).toBe(reason);
    expect(server.seen).toHaveLength(0);
  });

  test('a stream that fails while its request waits for a token: the request fails, not the process', async () => {
    const server = await serve();
    let refresh;
    const asked = new Promise((resolve) => {
      refresh = () => new Promise((answer) => resolve(() => answer({ accessToken: 'second' })));
    });
    const client = clientFor(server, { tokens: { accessToken: 'first', expiresAt: 1 }, refresh });
    const body = new Readable({ read() {} });
    const sent = failure(ask(through(client), server.url, { method: 'POST', body }));
    const answer = await asked;
    const reason = new Error('the disk is gone');
    body.destroy(reason);
    expect(await sent).toBe(reason);
    answer();
    await client.close();
    expect(server.seen).toHaveLength(0);
  });
});

test('a body that undici refuses is refused by undici', async () => {
  const server = await serve();
  const sent = ask(through(clientFor(server)), server.url, { method: 'POST', body: 7 });
  expect(await failure(sent)).toMatchObject({ code: 'UND_ERR_INVALID_ARG' });
});

test('a retry further in sends the same again', async () => {
  let count = 0;
  const { server, client } = await serveExpired((_, response) => {
    if (response.statusCode === 200 && (count += 1) === 1) response.statusCode = 503;
    response.end('done');
  });
  const inside = [interceptors.retry({ methods: ['POST'], minTimeout: 1 })];
  const body = form(UndiciFormData);
  const answer = await ask(through(client, { inside }), server.url, { method: 'POST', body });
  expect(answer).toMatchObject({ status: 200, text: 'done', tokenRotator: { attempts: 2 } });
  const [, first, second] = server.seen;
  expect(second.headers).toEqual(first.headers);
  expect(second.body.equals(first.body)).toBe(true);
});

test('a 401 before the body was read: it is sent again in whole', async () => {
  const body = Buffer.alloc(4_000_000, 'x');
  const server = await serve(ok);
  const [listener] = server.server.listeners('request');
  server.server.removeAllListeners('request');
  server.server.on('request', (request, response) => {
    if (request.headers.authorization === 'Bearer second') return listener(request, response);
    response.writeHead(401, { connection: 'close' }).end();
  });
  const client = clientFor(server, { refresh: () => ({ accessToken: 'second' }) });
  const rejected = once(server.server, 'request');
  expect(await ask(through(client), server.url, { method: 'POST', body })).toMatchObject({ status: 200 });
  await rejected;
  expect(server.seen.map((seen) => seen.body.equals(body))).toEqual([true]);
});
