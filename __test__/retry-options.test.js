'use strict';

// The options `retry` and `idempotencyKey`: what they mean, where they come from, and what they may not be.

const { TRANSPORTS, closeServers, connect, rotating, serveScript } = require('./bodies/support.js');
const { failure } = require('./requests/servers.js');

afterEach(closeServers);

describe.each(TRANSPORTS)('%s', (transport) => {
  describe('retry', () => {
    const FOUR = { limit: 4, maxDelay: 0 };

    /** The options of client and request, and how often a server that is down sees the request. */
    test.each([
      ['by default', undefined, undefined, 3],
      ['true', true, undefined, 3],
      ['false', false, undefined, 1],
      ['0', 0, undefined, 1],
      ['a number', 1, undefined, 2],
      ['limit', FOUR, undefined, 5],
      ['a number over the client’s limit', FOUR, 1, 2],
      ['limit over the client’s', FOUR, { limit: 6 }, 7],
      ['false over the client’s limit', FOUR, false, 1],
      ['true over the client’s limit', FOUR, true, 5],
      ['undefined over the client’s limit', FOUR, undefined, 5],
      ['true over the client’s false', false, true, 3],
      ['maxDelay over the client’s false', false, { maxDelay: 0 }, 3],
      ['a part that leaves the rest', FOUR, { statusCodes: [503] }, 5],
      ['a part that takes the status out', FOUR, { statusCodes: [500] }, 1],
      ['a part that takes the method out', FOUR, { methods: [] }, 1],
    ])('%s', async (_name, ofClient, ofRequest, sendings) => {
      const server = await serveScript(transport, ...Array(10).fill(503));
      const client = connect(server, { retry: ofClient });
      expect(await client.get('/', { retry: ofRequest })).toMatchObject({ status: 503, attempts: sendings });
      expect(server.seen).toHaveLength(sendings);
    });

    test('is inherited by sessions', async () => {
      const server = await serveScript(transport, 503, 503);
      const client = rotating(server, { retry: { limit: 1, maxDelay: 0 } }).session('other');
      await client.setTokens({ accessToken: 'second' });
      expect(await client.get('/')).toMatchObject({ status: 503, attempts: 2 });
    });
  });
});

test.each([
  ['retry', -1],
  ['retry', 101],
  ['retry', 1.5],
  ['retry', NaN],
  ['retry', 'yes'],
  ['retry', null],
  ['retry', [503]],
  ['retry.limit', { limit: 101 }],
  ['retry.limit', { limit: '2' }],
  ['retry.methods', { methods: 'GET' }],
  ['retry.methods[1]', { methods: ['GET', 'a b'] }],
  ['retry.statusCodes', { statusCodes: 503 }],
  ['retry.statusCodes[0]', { statusCodes: ['503'] }],
  ['retry.statusCodes[0]', { statusCodes: [99] }],
  ['retry.maxDelay', { maxDelay: -1 }],
  ['retry.maxDelay', { maxDelay: Infinity }],
  ['retry.maxdelay', { maxdelay: 1 }],
])('%s is checked, wherever it is given: %j', async (name, retry) => {
  const server = { url: 'http://127.0.0.1:1' };
  const wrong = { code: 'ERR_INVALID_OPTION', message: expect.stringContaining(name) };
  expect(() => connect(server, { retry })).toThrow(expect.objectContaining(wrong));
  expect(await failure(connect(server).get('/', { retry }))).toMatchObject(wrong);
});

test.each(['', 'a b', 'ü', 'a'.repeat(256), 'a\r\nb', 7, false, {}])('no key: %j', async (idempotencyKey) => {
  const error = await failure(connect({ url: 'http://127.0.0.1:1' }).post('/', 'body', { idempotencyKey }));
  expect(error).toMatchObject({
    code: 'ERR_INVALID_OPTION',
    message: expect.stringContaining('idempotencyKey'),
  });
});

test('a key is given once', async () => {
  const options = { idempotencyKey: 'a', headers: { 'idempotency-key': 'b' } };
  const error = await failure(connect({ url: 'http://127.0.0.1:1' }).post('/', 'body', options));
  expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
});
