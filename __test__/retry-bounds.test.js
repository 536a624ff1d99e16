'use strict';

// Where retries end: what a server asks for, what a request has left of its time, who leaves, and what all requests of a
// client may spend together.

const { Readable } = require('node:stream');
const {
  TRANSPORTS,
  addressOf,
  bodyOf,
  closeServers,
  connect,
  reset,
  rotating,
  serve,
  serveScript,
} = require('./bodies/support.js');
const {
  closeServers: closeOthers,
  failure,
  freePort,
  serve: serveWhole,
  serveRaw,
} = require('./requests/servers.js');

afterEach(closeServers);
afterEach(closeOthers);
jest.setTimeout(30_000);

const AT_ONCE = { maxDelay: 0 };
const inSeconds = (seconds) => new Date(Date.now() + seconds * 1000).toUTCString();
const busy = (retryAfter) => [503, { 'retry-after': retryAfter }];

describe.each(TRANSPORTS)('%s', (transport) => {
  describe('retry-after', () => {
    test.each([
      ['no time', () => '0'],
      ['a date that is over', () => inSeconds(-3600)],
      ['a date in another year', () => 'Sun, 06 Nov 1994 08:49:37 GMT'],
      ['a date in an old form', () => 'Sunday, 06-Nov-94 08:49:37 GMT'],
    ])('of %s: asked again at once', async (_name, value) => {
      const server = await serveScript(transport, busy(value()), busy(value()));
      // Longer than this test may take, had the pauses been of our own making and not random.
      expect(await connect(server).get('/')).toMatchObject({ status: 200, attempts: 3 });
    });

    test.each([
      ['more than maxDelay, in seconds', () => '2', { maxDelay: 1999 }],
      ['more than maxDelay, as a date', () => inSeconds(60), { maxDelay: 50_000 }],
      ['more than maxDelay by default', () => '31', {}],
      ['anything, where maxDelay is 0', () => '1', AT_ONCE],
      ['more than any number', () => '99999999999999999999', {}],
      ['centuries', () => '9999999999999', {}],
    ])('of %s: the answer is the caller’s at once', async (_name, value, retry) => {
      const server = await serveScript(transport, busy(value()));
      const client = connect(server, { retry, timeout: 600_000 });
      const response = await client.get('/');
      expect(response).toMatchObject({ status: 503, attempts: 1 });
      expect(response.headers.get('retry-after')).not.toBeNull();
      expect(client.stats()).toMatchObject({ retries: 0 });
      expect(server.seen).toHaveLength(1);
    });

    test.each([
      ['in seconds', () => '20'],
      ['as a date', () => inSeconds(25)],
    ])('beyond the timeout, %s: the answer is the caller’s at once', async (_name, value) => {
      const server = await serveScript(transport, busy(value()));
      expect(await connect(server, { timeout: 19_000 }).get('/')).toMatchObject({ status: 503, attempts: 1 });
      expect(server.seen).toHaveLength(1);
    });

    test.each(['soon', '-1', '1.5', ''])('that is none, %j: as if it were not there', async (value) => {
      const server = await serveScript(transport, busy(value));
      const retry = { maxDelay: 100 };
      expect(await connect(server, { retry }).get('/')).toMatchObject({ status: 200, attempts: 2 });
    });
  });

  describe('during the pause', () => {
    /** A request that its server has sent away for longer than any test takes. */
    async function pausing(body) {
      const server = await serveScript(transport, busy('25'));
      const client = connect(server, { timeout: 600_000 });
      const abort = new AbortController();
      const pending = failure(client.put('/', body, { signal: abort.signal }));
      while (client.stats().retries === 0) await new Promise(setImmediate);
      return { server, client, abort, pending };
    }

    test('abort rejects with its reason', async () => {
      const { server, abort, pending } = await pausing('text');
      abort.abort({ code: 'ERR_NETWORK' });
      expect(await pending).toBe(abort.signal.reason);
      expect(server.seen).toHaveLength(1);
    });

    test('close rejects, and does not wait', async () => {
      const { server, client, pending } = await pausing('text');
      await client.close();
      expect(await pending).toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
      expect(server.seen).toHaveLength(1);
    });

    test('no body is made before it is sent', async () => {
      let made = 0;
      const { abort, pending } = await pausing(() => {
        made += 1;
        return Readable.from(['a']);
      });
      expect(made).toBe(1);
      abort.abort();
      await pending;
      expect(made).toBe(1);
    });

    test('the place on the wire is free for others', async () => {
      const server = await serveScript(transport, busy('25'));
      const client = connect(server, { timeout: 600_000, connections: 1 });
      const abort = new AbortController();
      const pending = failure(client.get('/', { signal: abort.signal }));
      while (client.stats().retries === 0) await new Promise(setImmediate);
      expect(await client.get('/')).toMatchObject({ status: 200 });
      abort.abort();
      await pending;
    });
  });

  describe('the timeout is one for all tries:', () => {
    test('when no pause fits any more, the last answer is the caller’s', async () => {
      const server = await serveScript(transport, ...Array(1000).fill(503));
      const response = await connect(server, { timeout: 500, retry: { limit: 100 } }).get('/');
      expect(response.status).toBe(503);
      expect(response.attempts).toBe(server.seen.length);
      expect(response.attempts).toBeLessThan(101);
    });

    test('a try that takes longer ends in ERR_TIMEOUT', async () => {
      const server = await serveScript(transport, 503, () => {});
      const error = await failure(connect(server, { timeout: 500, retry: AT_ONCE }).get('/'));
      expect(error).toMatchObject({ code: 'ERR_TIMEOUT', phase: 'response' });
      expect(server.seen).toHaveLength(2);
    });

    test('a try that times out is not made again', async () => {
      const server = await serveScript(transport, () => {});
      expect(await failure(connect(server, { timeout: 300 }).get('/'))).toMatchObject({
        code: 'ERR_TIMEOUT',
      });
      expect(server.seen).toHaveLength(1);
    });
  });

  describe('the budget', () => {
    const DEAD = [
      ['answers 503', (_request, response) => response.writeHead(503).end()],
      ['resets', (request) => reset(request)],
    ];

    test.each(DEAD)('of a server that %s to everybody is a hundred retries', async (_name, answer) => {
      let sendings = 0;
      const server = await serve(transport, (request, response) => {
        sendings += 1;
        answer(request, response);
      });
      const client = connect(server, { retry: { limit: 100, maxDelay: 0 } });
      const requests = Array.from({ length: 300 }, () => client.get('/').catch(({ code }) => code));
      await Promise.all(requests);
      expect([sendings, client.stats().retries]).toEqual([400, 100]);
      // It does not come back by itself, nor by failures that are nobody's to repeat.
      for (let time = 0; time < 20; time += 1) await client.post('/', 'body').catch(() => {});
      await client.get('/').catch(() => {});
      expect(client.stats().retries).toBe(100);
    });

    test('grows by one retry with every five requests that succeed, and is a hundred at most', async () => {
      let dead = true;
      const server = await serve(transport, (_request, response) =>
        response.writeHead(dead ? 503 : 200).end(),
      );
      const client = connect(server, { retry: { limit: 100, maxDelay: 0 } });
      const spent = async () => {
        const before = client.stats().retries;
        dead = true;
        for (let time = 0; time < 3; time += 1) await client.get('/');
        dead = false;
        return client.stats().retries - before;
      };
      const succeed = async (count) => {
        while (count-- > 0) await client.get('/');
      };
      expect(await spent()).toBe(100);
      expect(await spent()).toBe(0);
      await succeed(14);
      expect(await spent()).toBe(2);
      await succeed(1000);
      expect(await spent()).toBe(100);
    });

    test('is one for all sessions of a client, and each client has its own', async () => {
      const server = await serve(transport, (_request, response) => response.writeHead(503).end());
      const client = rotating(server, { retry: { limit: 100, maxDelay: 0 } });
      await client.get('/');
      const other = client.session('other');
      await other.setTokens({ accessToken: 'second' });
      expect(await other.get('/')).toMatchObject({ attempts: 1 });
      expect(await connect(server, { retry: { limit: 7, maxDelay: 0 } }).get('/')).toMatchObject({
        attempts: 8,
      });
    });
  });

  test('a request that nobody took is sent, whatever its method, when somebody listens', async () => {
    const port = await freePort();
    const { url, options } = addressOf(transport, port);
    const client = connect({ url, options }, { retry: { limit: 90, maxDelay: 50 } });
    const bodies = ['text', Readable.from(['text']), () => Readable.from(['text'])];
    const pending = bodies.map((body) => client.post('/', body));
    while (client.stats().retries < bodies.length) await new Promise(setImmediate);
    const seen = [];
    await serve(
      transport,
      async (request, response) => {
        seen.push(String((await bodyOf(request)).bytes));
        response.end();
      },
      port,
    );
    expect((await Promise.all(pending)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(seen).toEqual(['text', 'text', 'text']);
  });
});

describe('a server is not tried again', () => {
  const count = ({ server }) => {
    const counted = { connections: 0 };
    server.on('connection', () => (counted.connections += 1));
    return counted;
  };

  test('whose certificate nobody trusts', async () => {
    const server = await serveWhole(undefined, { secure: true });
    const counted = count(server);
    const error = await failure(connect({ url: server.url }, { retry: AT_ONCE }).get('/'));
    expect(error).toMatchObject({ code: 'ERR_NETWORK', cause: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' } });
    expect(counted.connections).toBe(1);
  });

  test('that speaks another protocol', async () => {
    const server = await serveRaw((socket) => socket.end('220 mail.example ESMTP\r\n'));
    const counted = count(server);
    const error = await failure(connect(server, { retry: AT_ONCE }).get('/'));
    expect(error).toMatchObject({ code: 'ERR_NETWORK', cause: { code: expect.stringMatching(/^HPE_/) } });
    expect(counted.connections).toBe(1);
  });
});
