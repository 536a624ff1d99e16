'use strict';

// A stream that is sent is read no faster than the server takes it, and let go as soon as nobody wants the rest.

const { once } = require('node:events');
const { NetworkError } = require('../..');
const { failure, freePort } = require('../requests/servers.js');
const {
  MIB,
  TRANSPORTS,
  bodyOf,
  carrierOf,
  closeServers,
  connect,
  rest,
  rotating,
  serve,
} = require('./support.js');
const { WATCHED } = require('./watched.js');

afterEach(closeServers);
jest.setTimeout(30_000);

/** What may be between a stream and a server that does not read: our buffers, Node's and the kernel's. */
const BETWEEN = 16 * MIB;

/** `/held` is not read before `go on`; `/refused` is answered at once and not read; others are read. */
async function serveUploads(transport) {
  const seen = [];
  const server = await serve(transport, async (request, response) => {
    const { url } = request;
    if (url === '/ping') return response.end();
    const entry = { url };
    seen.push(entry);
    // An answer ends the request for Node, not for us: what comes of the body tells.
    entry.left = new Promise((resolve) => carrierOf(request).once('close', resolve));
    server.server.emit('seen');
    if (url === '/refused') return response.writeHead(413).end('too large');
    if (url === '/held') await once(server.server, 'go on');
    entry.received = bodyOf(request).then((body) => Object.assign(entry, body));
    await entry.received;
    if (!response.destroyed) response.end(String(entry.bytes.length));
  });
  return { ...server, seen };
}

describe.each(TRANSPORTS)('%s', (transport) => {
  describe.each(Object.entries(WATCHED))('%s', (_kind, watched) => {
    test('is read no faster than the server reads it', async () => {
      const server = await serveUploads(transport);
      const client = connect(server);
      const size = 4 * BETWEEN + 1;
      const { body, pulled } = watched(size);
      const pending = client.post('/held', body);
      await once(server.server, 'seen');
      const held = await rest(pulled, client);
      expect(held).toBeGreaterThan(0);
      expect(held).toBeLessThan(BETWEEN);
      server.server.emit('go on');
      expect(await (await pending).text()).toBe(String(size));
      expect(pulled()).toBe(size);
    });

    test('is not read before its token is there', async () => {
      const server = await serveUploads(transport);
      let refreshed;
      const client = rotating(server, {
        tokens: { accessToken: 'first', refreshToken: 'r', expiresAt: 1 },
        refresh: () => new Promise((resolve) => (refreshed = resolve)),
      });
      const { body, pulled } = watched(10);
      const pending = client.post('/', body);
      await rest(pulled, connect(server));
      expect(pulled()).toBe(0);
      refreshed({ accessToken: 'second' });
      expect(await (await pending).text()).toBe('10');
    });

    test('is let go when the server answers before it has read it', async () => {
      const server = await serveUploads(transport);
      const client = connect(server);
      const { body, released } = watched();
      const response = await client.post('/refused', body);
      expect([response.status, await response.text()]).toEqual([413, 'too large']);
      await released;
      await server.seen[0].left;
      expect(await (await client.post('/', watched(MIB).body)).text()).toBe(String(MIB));
    });

    test('is sent on while the answer is read already', async () => {
      const server = await serve(transport, (request, response) => {
        response.writeHead(200).flushHeaders();
        request.pipe(response);
      });
      const size = 4 * MIB;
      const response = await connect(server).post('/', watched(size).body);
      expect((await response.bytes()).byteLength).toBe(size);
    });

    test('is let go when the answer is cancelled', async () => {
      const server = await serve(transport, (request, response) => {
        response.writeHead(200).flushHeaders();
        request.pipe(response);
      });
      const { body, released } = watched();
      const response = await connect(server).post('/', body);
      await response.body.cancel();
      await released;
    });

    test.each(['/held', '/'])('is let go when its request is aborted at %s', async (url) => {
      const server = await serveUploads(transport);
      const client = connect(server);
      const abort = new AbortController();
      const { body, released } = watched();
      const pending = failure(client.post(url, body, { signal: abort.signal }));
      await once(server.server, 'seen');
      abort.abort({ why: 'enough' });
      expect(await pending).toBe(abort.signal.reason);
      await released;
      if (url === '/held') return server.server.emit('go on');
      await server.seen[0].received;
      expect(server.seen[0]).toMatchObject({ complete: false });
    });

    test('is let go when its request times out', async () => {
      const server = await serveUploads(transport);
      const { body, released } = watched();
      const error = await failure(connect(server).post('/held', body, { timeout: 300 }));
      expect(error).toMatchObject({ code: 'ERR_TIMEOUT' });
      await released;
    });

    test('is let go when the connection is lost', async () => {
      const server = await serve(transport, (request) => {
        request.once('data', () => carrierOf(request).destroy());
      });
      const { body, released } = watched();
      const error = await failure(connect(server).put('/', body));
      expect(error).toBeInstanceOf(NetworkError);
      await released;
    });

    describe('is let go, and not read, when its request', () => {
      const UNSENT = [
        [
          'finds nobody',
          async (_client, body) =>
            connect({ url: `http://127.0.0.1:${await freePort()}` }).post('/', body, {
              retry: { maxDelay: 0 },
            }),
          'ERR_NETWORK',
        ],
        [
          'may not go there',
          (client, body) => client.post('https://elsewhere.invalid/', body),
          'ERR_ORIGIN_NOT_ALLOWED',
        ],
        ['gets no token', (client, body) => client.session('nobody').post('/', body), 'ERR_REFRESH_FAILED'],
        [
          'comes after close',
          async (client, body) => {
            await client.close();
            return client.post('/', body);
          },
          'ERR_CLIENT_CLOSED',
        ],
        [
          'was aborted before',
          (client, body) => client.post('/', body, { signal: AbortSignal.abort({ code: 'ABORTED' }) }),
          'ABORTED',
        ],
      ];

      test.each(UNSENT)('%s', async (_name, post, code) => {
        const server = await serveUploads(transport);
        const { body, pulled, released } = watched();
        expect(await failure(post(connect(server), body))).toMatchObject({ code });
        // A generator that was never begun has nothing to let go of.
        if (typeof body.next !== 'function') await released;
        expect(pulled()).toBe(0);
        expect(server.seen).toEqual([]);
      });
    });

    test('is sent to its end when its client is closed meanwhile', async () => {
      const server = await serveUploads(transport);
      const client = connect(server);
      const size = 2 * BETWEEN;
      const pending = client.post('/held', watched(size).body);
      await once(server.server, 'seen');
      const closed = client.close();
      expect(await failure(client.post('/', watched(1).body))).toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
      server.server.emit('go on');
      expect(await (await pending).text()).toBe(String(size));
      await closed;
      expect(server.seen.map(({ url }) => url)).toEqual(['/held']);
    });
  });
});
