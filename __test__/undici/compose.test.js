'use strict';

// Beside undici's own interceptors, dispatchers and ways to make a request.

const http = require('node:http');
const net = require('node:net');
const { once } = require('node:events');
const { PassThrough, Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { gzipSync } = require('node:zlib');
const undici = require('undici');
const tls = require('../support/tls');
const { clientFor, closeServers, serve, serveExpired } = require('../requests/servers.js');
const { ask, useDispatchers } = require('./dispatchers.js');

const { cache, decompress, deduplicate, dns, redirect, responseError, retry } = undici.interceptors;
const { keep, through } = useDispatchers();
afterEach(closeServers);

const SECOND = { refresh: () => ({ accessToken: 'second' }) };
const text = (stream) => new Response(Readable.toWeb(stream)).text();

describe.each(['inside', 'outside'])('undici’s interceptors %s', (side) => {
  test('retry: a 401 on the way is not its business, a 503 not ours', async () => {
    let count = 0;
    const { server, client } = await serveExpired((_, response) => {
      if (response.statusCode === 200 && (count += 1) < 3) response.statusCode = 503;
      response.end('done');
    });
    const api = through(client, { [side]: [retry({ minTimeout: 1 })] });
    expect(await ask(api, server.url)).toMatchObject({ status: 200, text: 'done' });
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first',
      ...Array(3).fill('Bearer second'),
    ]);
  });

  test('retry: an answer that breaks off is gone on with', async () => {
    const { server, client } = await serveExpired((request, response) => {
      if (response.statusCode === 401) return response.end();
      response.setHeader('etag', '"e"');
      if (request.headers.range === undefined) {
        response.setHeader('content-length', 10);
        return response.write('12345', () => response.destroy());
      }
      response.writeHead(206, { 'content-range': 'bytes 5-9/10', 'content-length': 5 }).end('67890');
    });
    const api = through(client, { [side]: [retry({ minTimeout: 1 })] });
    const headers = { 'x-mine': '1' };
    expect(await ask(api, server.url, { headers })).toMatchObject({ status: 200, text: '1234567890' });
    expect(server.seen.at(-1).headers).toMatchObject({
      authorization: 'Bearer second',
      'x-mine': '1',
      range: 'bytes=5-9',
    });
  });

  test('decompress', async () => {
    const { server, client } = await serveExpired((_, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync('x'.repeat(200_000)));
    });
    jest.spyOn(process, 'emitWarning').mockImplementation();
    const api = through(client, { [side]: [decompress({ skipErrorResponses: false })] });
    expect(await ask(api, server.url)).toMatchObject({ status: 200, text: 'x'.repeat(200_000) });
  });
});

test('the order that docs/undici.md gives, all at once', async () => {
  let count = 0;
  const { server, client } = await serveExpired((request, response) => {
    if (request.url === '/') return response.writeHead(307, { location: '/there' }).end();
    if (response.statusCode === 200 && (count += 1) === 1) response.statusCode = 503;
    response.setHeader('content-encoding', 'gzip');
    response.end(gzipSync('done'));
  });
  jest.spyOn(process, 'emitWarning').mockImplementation();
  const inside = [dns(), cache(), deduplicate(), retry({ methods: ['POST'], minTimeout: 1 })];
  const outside = [redirect({ maxRedirections: 3 }), decompress(), responseError()];
  const api = through(client, { inside, outside });
  const answer = await ask(api, server.url, { method: 'POST', body: 'order' });
  expect(answer).toMatchObject({ status: 200, text: 'done' });
  expect(server.seen.filter(({ body }) => String(body) !== 'order')).toEqual([]);
});

test('cache and deduplicate inside: what anybody may see is kept, and nobody is answered with what is another’s', async () => {
  const server = await serve((request, response) => {
    const shared = request.url === '/shared' ? 'public, ' : '';
    response.setHeader('cache-control', `${shared}max-age=60`);
    response.end(request.headers.authorization);
  });
  const base = keep(new undici.Agent()).compose(cache(), deduplicate());
  const [ada, bob] = ['ada', 'bob'].map((name) =>
    through(clientFor(server, { tokens: { accessToken: name } }), { base }),
  );
  const get = async (api, path) => (await ask(api, `${server.url}${path}`)).text;
  for (let time = 0; time < 2; time += 1) {
    expect(await Promise.all([get(ada, '/mine'), get(bob, '/mine')])).toEqual(['Bearer ada', 'Bearer bob']);
  }
  expect(await get(ada, '/shared')).toBe(await get(ada, '/shared'));
  expect(server.seen.filter(({ url }) => url === '/shared')).toHaveLength(1);
});

test('responseError outside makes an error of a 401 that stays one', async () => {
  const server = await serve((_, response) =>
    response.writeHead(401, { 'content-type': 'text/plain' }).end('no'),
  );
  let count = 0;
  const client = clientFor(server, { refresh: () => ({ accessToken: `new-${(count += 1)}` }) });
  const api = through(client, { outside: [responseError()] });
  await expect(ask(api, server.url)).rejects.toMatchObject({ statusCode: 401, body: 'no' });
  expect(new Set(server.seen.map(({ headers }) => headers.authorization)).size).toBe(2);
});

test.each([
  ['Agent', (server) => new undici.Agent({ connect: { ca: tls.ca }, origin: server.url })],
  ['Pool', (server) => new undici.Pool(server.url, { connections: 2, connect: { ca: tls.ca } })],
  ['Client', (server) => new undici.Client(server.url, { connect: { ca: tls.ca } })],
  [
    'Client that pipelines',
    (server) => new undici.Client(server.url, { pipelining: 5, connect: { ca: tls.ca } }),
  ],
])('%s over TLS', async (_name, make) => {
  const handler = (request, response) => {
    response.statusCode = request.headers.authorization === 'Bearer second' ? 200 : 401;
    response.end('x');
  };
  const server = await serve(handler, { secure: true });
  server.url = `https://localhost:${server.port}`;
  const api = through(clientFor(server, SECOND), {
    base: keep(make(server)),
    options: { origin: server.url },
  });
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(api, server.url)));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
});

test('HTTP/2', async () => {
  const http2 = require('node:http2');
  const seen = [];
  const server = http2.createSecureServer({ cert: tls.server, key: tls.key }, (request, response) => {
    seen.push(request.headers.authorization);
    request.resume().on('end', () => {
      response.statusCode = request.headers.authorization === 'Bearer second' ? 200 : 401;
      response.end('over two');
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `https://localhost:${server.address().port}`;
  const agent = keep(new undici.Agent({ allowH2: true, connect: { ca: tls.ca } }));
  const api = through(clientFor({ url }, SECOND), { base: agent });
  const sent = Array.from({ length: 5 }, () => ask(api, url, { method: 'POST', body: 'order' }));
  for (const answer of await Promise.all(sent))
    expect(answer).toMatchObject({ status: 200, text: 'over two' });
  expect(seen.filter((header) => header === 'Bearer second')).toHaveLength(5);
  await agent.destroy();
  server.close();
});

test('ProxyAgent: the token is for the target, and the proxy does not see it', async () => {
  const { server, client } = await serveExpired((_, response) => response.end('done'));
  const tunnels = [];
  const proxy = http.createServer().on('connect', (request, socket, head) => {
    tunnels.push(request);
    const target = net.connect(server.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      target.write(head);
      target.pipe(socket).pipe(target);
    });
    for (const end of [target, socket]) end.on('error', () => {});
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  const agent = new undici.ProxyAgent({ uri: `http://127.0.0.1:${proxy.address().port}`, proxyTunnel: true });
  const api = through(client, { base: keep(agent) });
  expect(await ask(api, server.url)).toMatchObject({ status: 200, text: 'done' });
  expect(tunnels.length).toBeGreaterThan(0);
  for (const { url, headers } of tunnels) {
    expect(url).toBe(`127.0.0.1:${server.port}`);
    expect(headers.authorization).toBeUndefined();
  }
  await agent.destroy();
  proxy.close();
});

describe('ways to make a request', () => {
  test('stream', async () => {
    const { server, client } = await serveExpired((_, response) => response.end('done'));
    const into = new PassThrough();
    const factory = jest.fn(({ statusCode, context, opaque }) => {
      expect([statusCode, context.tokenRotator.replays, opaque]).toEqual([200, 1, 'mine']);
      return into;
    });
    const options = { dispatcher: through(client), opaque: 'mine', method: 'GET' };
    const read = text(into);
    await undici.stream(server.url, options, factory);
    expect(await read).toBe('done');
    expect(factory).toHaveBeenCalledTimes(1);
  });

  test('pipeline: GET is sent again, a body that was piped is not', async () => {
    const { server, client } = await serveExpired((_, response) => response.end('done'));
    const dispatcher = through(client);
    const handler = ({ statusCode, context, body }) => {
      const code = context.tokenRotator.replayError?.code ?? 'no error';
      return pipelineOf(body, `${statusCode} ${code} `);
    };
    const post = undici.pipeline(server.url, { dispatcher, method: 'POST' }, handler);
    const posted = text(post);
    await pipeline(Readable.from(['order']), post, { end: true }).catch(() => {});
    expect(await posted).toBe('401 ERR_BODY_NOT_REPLAYABLE done');
    await client.setTokens({ accessToken: 'first', refreshToken: 'r' });
    const get = undici.pipeline(server.url, { dispatcher, method: 'GET' }, handler);
    get.end();
    expect(await text(get)).toBe('200 no error done');
  });

  function pipelineOf(body, first) {
    const out = new PassThrough();
    out.write(first);
    return body.pipe(out);
  }

  test.each([
    ['undici’s', undici.fetch],
    ['Node’s', fetch],
  ])('%s fetch: a redirect, and leaving', async (_whose, send) => {
    const { server, client } = await serveExpired((request, response) => {
      if (request.url === '/') return response.writeHead(307, { location: '/there' }).end();
      if (request.url === '/slow') return response.writeHead(200).write('half');
      response.end('done');
    });
    const dispatcher = through(client);
    const answer = await send(server.url, { dispatcher, method: 'POST', body: 'order' });
    expect([answer.status, answer.redirected, await answer.text()]).toEqual([200, true, 'done']);
    expect(server.seen.filter(({ body }) => String(body) !== 'order')).toEqual([]);

    const leave = new AbortController();
    const slow = await send(`${server.url}/slow`, { dispatcher, signal: leave.signal });
    leave.abort();
    await expect(slow.text()).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('fetch leaves while it waits for a rotation', async () => {
    const server = await serve((_, response) => response.writeHead(401).end());
    const leave = new AbortController();
    let answer;
    const refresh = () => {
      leave.abort();
      return new Promise((resolve) => (answer = resolve));
    };
    const client = clientFor(server, { refresh });
    const sent = undici.fetch(server.url, { dispatcher: through(client), signal: leave.signal });
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
    answer({ accessToken: 'second' });
    await client.close();
    expect(server.seen).toHaveLength(1);
  });

  test('the global dispatcher', async () => {
    const { server, client } = await serveExpired((_, response) => response.end('done'));
    const before = undici.getGlobalDispatcher();
    undici.setGlobalDispatcher(through(client));
    try {
      expect(await (await undici.request(server.url)).body.text()).toBe('done');
      expect(await (await undici.fetch(server.url)).text()).toBe('done');
    } finally {
      undici.setGlobalDispatcher(before);
    }
  });
});
