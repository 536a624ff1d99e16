'use strict';

// Fake timers and a mocked Date: the engine keeps its own time, so that neither hangs a request nor ends a token.

const { TokenClient } = require('../../index.js');
const { useHarness } = require('../support/harness.js');

const { serve, client } = useHarness();

afterEach(() => jest.useRealTimers());

test.each([
  ['the own transport', {}],
  ['a fetch', { transport: { fetch: (url, init) => fetch(url, init) } }],
])('a rotation under fake timers, over %s, serves every request', async (_name, options) => {
  const server = await serve();
  const one = client(server, { tokens: server.login(), ...options });
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
  server.expire();
  const answers = await Promise.all(Array.from({ length: 20 }, () => one.get('/api/orders')));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
});

test('a Date that is moved by a year ends no token', async () => {
  const refresh = jest.fn();
  // No server, because its own tokens would end by that Date.
  const transport = { fetch: async () => new Response('{}') };
  const accessToken = 'access';
  const one = new TokenClient({
    baseURL: 'https://api.example.com',
    tokens: { accessToken, refreshToken: 'refresh', expiresAt: Date.now() + 3_600_000 },
    ...{ refresh, transport },
  });
  expect(await one.getAccessToken()).toBe(accessToken);
  jest.useFakeTimers({ now: Date.now() + 365 * 24 * 3_600_000, doNotFake: ['setImmediate', 'nextTick'] });
  expect((await one.get('/orders')).status).toBe(200);
  expect(await one.getAccessToken()).toBe(accessToken);
  expect(refresh).not.toHaveBeenCalled();
  await one.close();
});
