'use strict';

// HTTP/2 against Node's own server, which chooses it by ALPN. What a server of single frames can do to a client is
// tested in src/engine/http/transport/http2/tests.rs.

const { once } = require('node:events');
const http2 = require('node:http2');
const zlib = require('node:zlib');
const { NetworkError, TimeoutError } = require('../..');
const { TOKEN, clientFor, closeServers, failure, listening, serve } = require('./servers.js');
const tls = require('../support/tls');

afterEach(closeServers);

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = http2.constants;

/** Answers `ok`, or as `handler(request, response, body)` says. `sessions` are the HTTP/2 connections. */
async function serveHttp2(handler = (_request, response) => response.end('ok'), options) {
  const seen = [];
  const sessions = [];
  const server = http2.createSecureServer(
    { cert: tls.server, key: tls.key, allowHTTP1: true, ...options },
    (request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        const { httpVersion, method, url, headers } = request;
        seen.push({ httpVersion, method, url, headers, body });
        handler(request, response, body);
      });
    },
  );
  server.on('session', (session) => sessions.push(session.on('error', () => {})));
  return listening(server, { seen, sessions }, 'https');
}

const trusting = (server, options) => clientFor(server, { ...options, tls: { ca: tls.ca, ...options?.tls } });

/** Resolves at the server's next request; it is answered by hand. */
function held(options) {
  let arrived;
  const next = () => new Promise((resolve) => (arrived = resolve));
  return serveHttp2(
    (request, response) => arrived({ request, response, stream: response.stream }),
    options,
  ).then((server) => ({ ...server, next }));
}

test('is spoken where it is offered, with the token and without HTTP/1.1’s own headers', async () => {
  const server = await serveHttp2((_request, response) =>
    response.writeHead(203, { 'x-a': ['1', '2'] }).end('yes'),
  );
  const response = await trusting(server).post('/a?b=c', { d: 1 }, { headers: { 'X-Own': 'e' } });
  expect(response).toMatchObject({ status: 203, statusText: 'Non Authoritative Information', ok: true });
  expect([...response.headers].filter(([name]) => name === 'x-a')).toEqual([['x-a', '1, 2']]);
  expect(await response.text()).toBe('yes');
  expect(server.seen).toHaveLength(1);
  const [{ headers, ...seen }] = server.seen;
  expect(seen).toEqual({ httpVersion: '2.0', method: 'POST', url: '/a?b=c', body: Buffer.from('{"d":1}') });
  expect(headers).toMatchObject({
    ':authority': `127.0.0.1:${server.port}`,
    ':scheme': 'https',
    authorization: `Bearer ${TOKEN}`,
    'content-length': '7',
    'x-own': 'e',
  });
  expect(Object.keys(headers)).not.toEqual(
    expect.arrayContaining(['connection', 'transfer-encoding', 'host']),
  );
});

test('http2 false offers only HTTP/1.1', async () => {
  const server = await serveHttp2();
  expect(await trusting(server, { http2: false }).get('/')).toMatchObject({ status: 200 });
  expect(server.seen).toMatchObject([{ httpVersion: '1.1' }]);
});

test('a server that speaks only HTTP/1.1 is spoken to in it', async () => {
  const server = await serve(undefined, { secure: true });
  expect(await trusting(server).get('/')).toMatchObject({ status: 200 });
});

test('a host header of one’s own goes over HTTP/1.1 if it is another one', async () => {
  const server = await serveHttp2();
  const client = trusting(server);
  await client.get('/', { headers: { host: 'other.example' } });
  await client.get('/', { headers: { host: `127.0.0.1:${server.port}` } });
  expect(server.seen).toMatchObject([
    { httpVersion: '1.1', headers: { host: 'other.example' } },
    { httpVersion: '2.0', headers: { ':authority': `127.0.0.1:${server.port}` } },
  ]);
  expect(server.seen[1].headers).not.toHaveProperty('host');
});

test('many requests that start at once get their own answers, cold and warm', async () => {
  const server = await serveHttp2((request, response) => setImmediate(() => response.end(request.url)), {
    settings: { maxConcurrentStreams: 10 },
  });
  const client = trusting(server);
  for (let round = 0; round < 2; round++) {
    const paths = Array.from({ length: 200 }, (_, i) => `/${round}/${i}`);
    const answers = await Promise.all(paths.map(async (path) => (await client.get(path)).text()));
    expect(answers).toEqual(paths);
  }
  expect(server.seen).toHaveLength(400);
  expect(new Set(server.seen.map(({ url }) => url)).size).toBe(400);
  expect(server.seen.every(({ httpVersion }) => httpVersion === '2.0')).toBe(true);
});

test('requests share a connection', async () => {
  const server = await serveHttp2();
  const client = trusting(server);
  await client.get('/');
  await Promise.all(Array.from({ length: 100 }, () => client.get('/')));
  expect(server.seen).toHaveLength(101);
  expect(server.sessions).toHaveLength(1);
});

test('a storm on an expired token is replayed', async () => {
  const server = await serveHttp2((request, response) => {
    response.statusCode = request.headers.authorization === 'Bearer second' ? 200 : 401;
    response.end(request.url);
  });
  const refresh = jest.fn(() => ({ accessToken: 'second' }));
  const client = trusting(server, { tokens: { accessToken: 'first', refreshToken: 'r' }, refresh });
  const paths = Array.from({ length: 50 }, (_, i) => `/${i}`);
  const answers = await Promise.all(paths.map((path) => client.get(path)));
  expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(paths);
  expect(refresh).toHaveBeenCalledTimes(1);
});

test('bodies larger than every window, both ways', async () => {
  const body = Buffer.alloc(9 * 1024 * 1024, 'body');
  const server = await serveHttp2((_request, response, received) => response.end(received));
  const client = trusting(server);
  const answers = await Promise.all([1, 2].map(() => client.put('/', body)));
  for (const answer of answers) expect(Buffer.from(await answer.bytes()).equals(body)).toBe(true);
});

test('streams, both ways', async () => {
  const server = await serveHttp2((_request, response, received) => {
    response.write(received);
    setImmediate(() => response.end('end'));
  });
  const parts = ['a', 'b', 'c'].map((letter) => letter.repeat(100_000));
  const response = await trusting(server).post(
    '/',
    ReadableStream.from(parts.map((part) => Buffer.from(part))),
  );
  let text = '';
  for await (const chunk of response.body) text += Buffer.from(chunk).toString();
  expect(text).toBe(`${parts.join('')}end`);
  expect(server.seen).toMatchObject([{ httpVersion: '2.0', body: Buffer.from(parts.join('')) }]);
});

test('compressed bodies are decoded, and answers without a body have none', async () => {
  const server = await serveHttp2((request, response) => {
    if (request.method === 'HEAD') response.writeHead(200, { 'content-length': 7 }).end();
    else if (request.url === '/204') response.writeHead(204).end();
    else response.writeHead(200, { 'content-encoding': 'br' }).end(zlib.brotliCompressSync('hello'));
  });
  const client = trusting(server);
  expect(await (await client.get('/')).text()).toBe('hello');
  expect(await (await client.head('/')).text()).toBe('');
  expect(await (await client.get('/204')).text()).toBe('');
});

test('a redirect is followed within the origin', async () => {
  const server = await serveHttp2((request, response) => {
    if (request.url === '/') response.writeHead(302, { location: '/there' }).end();
    else response.end(request.headers.authorization);
  });
  const response = await trusting(server).get('/');
  expect(response).toMatchObject({ redirected: true, url: `${server.url}/there` });
  expect(await response.text()).toBe(`Bearer ${TOKEN}`);
});

test('trailers and interim answers are left out', async () => {
  const server = await serveHttp2((_request, response) => {
    response.writeEarlyHints({ link: '</x>; rel=preload' });
    response.addTrailers({ 'x-after': '1' });
    response.end('ok');
  });
  const response = await trusting(server).get('/');
  expect(response).toMatchObject({ status: 200 });
  expect([...response.headers.keys()]).not.toEqual(expect.arrayContaining(['link', 'x-after']));
  expect(await response.text()).toBe('ok');
});

test('an abort resets its stream and leaves the connection to the others', async () => {
  const server = await held();
  const client = trusting(server);
  const controller = new AbortController();
  const first = server.next();
  const aborted = client.get('/first', { signal: controller.signal });
  const { stream } = await first;
  const closed = new Promise((resolve) => stream.on('close', () => resolve(stream.rstCode)));
  controller.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
  expect(await closed).toBe(NGHTTP2_CANCEL);

  const second = server.next();
  const answered = client.get('/second');
  (await second).response.end('second');
  expect(await (await answered).text()).toBe('second');
  expect(server.sessions).toHaveLength(1);
});

test('a timeout does the same', async () => {
  const server = await held();
  const client = trusting(server);
  const closed = server.next().then(async ({ stream }) => {
    await once(stream, 'close');
    return stream.rstCode;
  });
  let timedOut;
  // A busy machine may take longer than the limit to send the request, which then never reaches the server.
  for (let timeout = 100; server.seen.length === 0; timeout *= 2) {
    timedOut = await failure(client.get('/', { timeout }));
  }
  expect(timedOut).toBeInstanceOf(TimeoutError);
  expect(timedOut).toMatchObject({ phase: 'response' });
  expect(await closed).toBe(NGHTTP2_CANCEL);
});

describe('a server that', () => {
  async function failed(break_) {
    const server = await held();
    const next = server.next();
    const error = failure(trusting(server).post('/', 'x'));
    break_(await next, server);
    const { cause, ...rest } = await error.then((reason) => ({
      cause: reason.cause,
      isNetwork: reason instanceof NetworkError,
      named: reason.message.includes(server.url),
    }));
    expect(rest).toEqual({ isNetwork: true, named: true });
    expect(server.seen).toHaveLength(1);
    return cause.code;
  }

  test.each([
    ['resets the stream', ({ stream }) => stream.close(NGHTTP2_INTERNAL_ERROR), 'ERR_HTTP2_STREAM_ERROR'],
    [
      'resets the stream in the body',
      ({ stream, response }) => {
        response.write('half', () => stream.close(NGHTTP2_INTERNAL_ERROR));
      },
      'ERR_HTTP2_STREAM_ERROR',
    ],
    [
      'resets it there without an error',
      ({ stream, response }) => {
        response.write('half', () => stream.close(NGHTTP2_NO_ERROR));
      },
      'ERR_HTTP2_STREAM_ERROR',
    ],
    ['hangs up', (_asked, { sockets }) => sockets.forEach((socket) => socket.destroy()), 'ECONNRESET'],
    ['ends the session', ({ stream }) => stream.session.destroy(), 'ECONNRESET'],
  ])('%s', async (_name, break_, code) => {
    expect(await failed(break_)).toBe(code);
  });
});

describe('what the server did not process is sent again, whatever it is:', () => {
  test('a refused stream', async () => {
    const server = await serveHttp2((_request, response) => {
      if (server.seen.length === 1) response.stream.close(NGHTTP2_REFUSED_STREAM);
      else response.end('ok');
    });
    const response = await trusting(server, { retry: 2 }).post('/', 'body');
    expect(response).toMatchObject({ status: 200, attempts: 2 });
    expect(server.seen.map(({ body }) => String(body))).toEqual(['body', 'body']);
  });

  test('a stream above the last of a GOAWAY', async () => {
    let held;
    const server = await serveHttp2((_request, response, body) => {
      const isFirst = server.seen.filter(({ body: other }) => other.equals(body)).length === 1;
      if (String(body) === 'held') held = response;
      else if (String(body) === 'refused' && isFirst) {
        response.stream.session.goaway(NGHTTP2_NO_ERROR, held.stream.id);
        held.end('held');
      } else response.end(body);
    });
    const client = trusting(server, { retry: 2 });
    expect(await (await client.post('/', 'first')).text()).toBe('first');
    const answers = await Promise.all(['held', 'refused'].map((body) => client.post('/', body)));
    expect(answers.map(({ attempts }) => attempts)).toEqual([1, 2]);
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(['held', 'refused']);
    expect(server.seen.map(({ body }) => String(body))).toEqual(['first', 'held', 'refused', 'refused']);
    expect(server.sessions).toHaveLength(2);
  });

  test('and nothing else', async () => {
    const server = await serveHttp2((_request, response) => response.stream.close(NGHTTP2_INTERNAL_ERROR));
    await failure(trusting(server, { retry: 2 }).post('/', 'body'));
    expect(server.seen).toHaveLength(1);
  });
});

test('a session that closes gracefully finishes what it has, and the next request opens another one', async () => {
  const server = await held();
  const client = trusting(server);
  const first = server.next();
  const answered = client.get('/first');
  const { stream, response } = await first;
  stream.session.close();
  response.end('first');
  expect(await (await answered).text()).toBe('first');

  const second = server.next();
  const again = client.get('/second');
  (await second).response.end('second');
  expect(await (await again).text()).toBe('second');
  expect(server.sessions).toHaveLength(2);
});

describe('tls', () => {
  test('a client certificate is shown', async () => {
    const server = await serveHttp2(
      (request, response) => response.end(request.socket.getPeerCertificate().subject.CN),
      { requestCert: true, rejectUnauthorized: true, ca: tls.ca },
    );
    const client = trusting(server, { tls: { cert: tls.server, key: tls.key } });
    expect(await (await client.get('/')).text()).toBe('localhost');
    expect(server.seen).toMatchObject([{ httpVersion: '2.0' }]);
  });

  test('rejectUnauthorized false is for its own client alone', async () => {
    const server = await serveHttp2(undefined, { cert: tls.expired });
    const lax = clientFor(server, { tls: { rejectUnauthorized: false } });
    expect(await lax.get('/')).toMatchObject({ status: 200 });
    expect(await failure(trusting(server).get('/'))).toMatchObject({ cause: { code: 'CERT_HAS_EXPIRED' } });
    expect(server.seen).toHaveLength(1);
  });
});
