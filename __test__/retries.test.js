'use strict';

// Which requests are sent again, and how often: from the ledger of the server, which sees every sending.

const { Readable } = require('node:stream');
const {
  TRANSPORTS,
  closeServers,
  connect,
  isExpired,
  reset,
  rotating,
  serveScript,
} = require('./bodies/support.js');
const { failure } = require('./requests/servers.js');

afterEach(closeServers);
jest.setTimeout(30_000);

const AT_ONCE = { maxDelay: 0 };

const cutShort = (request, response) => {
  response.writeHead(200, { 'content-length': 10 });
  response.write('12345', () => reset(request));
};

const FAILURES = [
  ['503', 503],
  ['a reset', reset],
  ['an answer cut short', cutShort],
];

describe.each(TRANSPORTS)('%s', (transport) => {
  test.each([408, 425, 429, 500, 502, 503, 504])('%i is asked again', async (status) => {
    const server = await serveScript(transport, status);
    const client = connect(server, { retry: AT_ONCE });
    expect(await client.get('/')).toMatchObject({ status: 200, attempts: 2, replays: 0 });
    expect(server.seen).toHaveLength(2);
    expect(client.stats()).toMatchObject({ requests: 1, retries: 1, replays: 0 });
  });

  test.each([200, 204, 304, 400, 403, 404, 409, 412, 413, 418, 501, 505])(
    '%i is the answer',
    async (status) => {
      const server = await serveScript(transport, status);
      const client = connect(server, { retry: AT_ONCE });
      expect(await client.get('/')).toMatchObject({ status, attempts: 1 });
      expect(server.seen).toHaveLength(1);
      expect(client.stats()).toMatchObject({ retries: 0 });
    },
  );

  test('retries are made by default, two of them, and then the answer is the caller’s', async () => {
    const server = await serveScript(transport, 503, 502, 500, 503);
    const client = connect(server);
    const response = await client.get('/');
    expect([response.status, await response.text()]).toEqual([500, '3']);
    expect(response.attempts).toBe(3);
    expect(server.seen).toHaveLength(3);
    expect(client.stats()).toMatchObject({ retries: 2 });
  });

  test('a failure after the last retry is the caller’s, too', async () => {
    const server = await serveScript(transport, reset, reset, reset);
    const error = await failure(connect(server, { retry: AT_ONCE }).get('/'));
    expect(error).toMatchObject({ code: 'ERR_NETWORK', retryable: true });
    expect(server.seen).toHaveLength(3);
  });

  test('throwHttpErrors throws the last answer', async () => {
    const server = await serveScript(transport, 503, 503, 504);
    const error = await failure(connect(server, { retry: AT_ONCE, throwHttpErrors: true }).get('/'));
    expect(error).toMatchObject({ code: 'ERR_HTTP_STATUS', response: { status: 504, attempts: 3 } });
  });

  test('attempts counts all of them', async () => {
    const server = await serveScript(transport, ...Array(20).fill(503));
    const response = await connect(server, { retry: { limit: 20, maxDelay: 0 } }).get('/');
    expect(response).toMatchObject({ status: 200, attempts: 21 });
    expect(server.seen).toHaveLength(21);
  });

  describe.each(FAILURES)('after %s', (_name, step) => {
    const send = async (method, options, body) => {
      const server = await serveScript(transport, step);
      const client = connect(server, { retry: AT_ONCE });
      await client.request('/', { method, body, ...options }).catch(() => {});
      return server.seen;
    };

    // The answer to HEAD ends with its head, and cannot be cut short.
    const methods = ['GET', 'PUT', 'DELETE', 'OPTIONS', ...(step === cutShort ? [] : ['HEAD'])];

    test.each(methods)('%s is sent again', async (method) => {
      expect(await send(method)).toHaveLength(2);
    });

    test.each(['POST', 'PATCH', 'REPORT'])('%s is sent once', async (method) => {
      expect(await send(method, {}, 'body')).toHaveLength(1);
    });

    test.each(['POST', 'PATCH', 'REPORT'])('%s is sent again if it is in methods', async (method) => {
      const seen = await send(method, { retry: { methods: [method.toLowerCase()] } }, 'body');
      expect(seen.map(({ text }) => text)).toEqual(['body', 'body']);
    });

    test('what is in methods replaces the usual ones', async () => {
      expect(await send('GET', { retry: { methods: ['POST'] } })).toHaveLength(1);
    });

    test.each([
      ['a key', { idempotencyKey: 'order-7' }, /^order-7$/],
      ['a random key', { idempotencyKey: true }, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/],
      ['a header of its own', { headers: { 'Idempotency-Key': '"quoted"' } }, /^"quoted"$/],
    ])('POST with %s is sent again, with the same', async (_kind, options, pattern) => {
      const seen = await send('POST', options, 'body');
      expect(seen.map(({ text }) => text)).toEqual(['body', 'body']);
      expect(seen[0].key).toMatch(pattern);
      expect(seen[1].key).toBe(seen[0].key);
    });

    test('a body that a function makes is made again, and one that is used up is not sent again', async () => {
      const put = (body) => send('PUT', {}, body);
      const whole = await put(() => Readable.from(['a', 'bc']));
      expect(whole.map(({ text }) => text)).toEqual(['abc', 'abc']);
      expect((await put(new Blob(['abc']))).map(({ text }) => text)).toEqual(['abc', 'abc']);
      expect((await put(Readable.from(['a', 'bc']))).map(({ text }) => text)).toEqual(['abc']);
    });
  });

  test('statusCodes replaces the usual ones', async () => {
    const server = await serveScript(transport, 418, 503);
    const retry = { statusCodes: [418], ...AT_ONCE };
    expect(await connect(server, { retry }).get('/')).toMatchObject({ status: 503, attempts: 2 });
  });

  test('each request has a random key of its own', async () => {
    const server = await serveScript(transport);
    const client = connect(server);
    for (let time = 0; time < 3; time += 1) await client.post('/', 'body', { idempotencyKey: true });
    expect(new Set(server.seen.map(({ key }) => key)).size).toBe(3);
  });

  describe('with a rotation', () => {
    const AS_EXPIRED = (request, response) => response.writeHead(isExpired(request) ? 401 : 200).end();
    const tokens = ({ seen }) => seen.map(({ authorization }) => authorization.slice(7));

    test('both are made, and neither counts as the other', async () => {
      const server = await serveScript(transport, 503, AS_EXPIRED, reset, AS_EXPIRED);
      const client = rotating(server, { retry: AT_ONCE });
      const response = await client.post('/', 'body', { idempotencyKey: true });
      expect(response).toMatchObject({ status: 200, attempts: 4, replays: 1 });
      expect(tokens(server)).toEqual(['first', 'first', 'second', 'second']);
      expect(new Set(server.seen.map(({ key, text }) => `${key} ${text}`)).size).toBe(1);
      expect(client.stats()).toMatchObject({ retries: 2, replays: 1, rotations: 1 });
    });

    test('a POST without a key is sent again after the 401 alone', async () => {
      const server = await serveScript(transport, AS_EXPIRED, 503);
      const client = rotating(server, { retry: AT_ONCE });
      expect(await client.post('/', 'body')).toMatchObject({ status: 503, attempts: 2, replays: 1 });
      expect(tokens(server)).toEqual(['first', 'second']);
    });

    describe('after a lost connection that isSessionExpired takes for an expired token', () => {
      const isSessionExpired = ({ status }) => status === 0;
      const send = async (method, options) => {
        const server = await serveScript(transport, reset);
        const client = rotating(server, { retry: false, isSessionExpired });
        const outcome = await client.request('/', { method, ...options }).catch((error) => error);
        expect(client.stats()).toMatchObject({ rotations: 1, retries: 0 });
        return { outcome, tokens: tokens(server) };
      };

      test('GET, and POST with a key, are sent with the new one', async () => {
        for (const sent of [await send('GET'), await send('POST', { body: 'b', idempotencyKey: 'k' })]) {
          expect(sent.outcome).toMatchObject({ status: 200, replays: 1 });
          expect(sent.tokens).toEqual(['first', 'second']);
        }
      });

      test('POST is not: it may have been done', async () => {
        const sent = await send('POST', { body: 'b' });
        expect(sent.outcome).toMatchObject({ code: 'ERR_NETWORK' });
        expect(sent.tokens).toEqual(['first']);
      });
    });

    test('isSessionExpired is asked about answers and network errors alone', async () => {
      const server = await serveScript(transport, [302, { location: 'http://elsewhere.example/' }]);
      const isSessionExpired = jest.fn(() => true);
      const client = rotating(server, { isSessionExpired });
      expect(await failure(client.get('/'))).toMatchObject({ code: 'ERR_REDIRECT' });
      const body = Readable.from([new Error('mine')]).map((error) => Promise.reject(error));
      expect(await failure(client.put('/', body))).toMatchObject({ code: 'ERR_BODY_FAILED' });
      expect(isSessionExpired).not.toHaveBeenCalled();
    });

    test('a token that was rotated meanwhile is the one a retry takes', async () => {
      const server = await serveScript(transport, async (_request, response) => {
        await client.rotate();
        response.writeHead(503).end();
      });
      const client = rotating(server, { retry: AT_ONCE });
      expect(await client.get('/')).toMatchObject({ status: 200, attempts: 2, replays: 0 });
      expect(tokens(server)).toEqual(['first', 'second']);
    });
  });
});
