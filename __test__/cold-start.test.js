'use strict';

// The first requests of a program: what is read, what is seeded, and what an empty store means.

const { useHarness } = require('./support/harness.js');

const { serve, client, store, track, secret } = useHarness();

const status = async (promise) => (await track(promise)).status;
const all = (count, make) => Promise.all(Array.from({ length: count }, make));

test('many requests on a slow store: it is read once, and nothing is refreshed', async () => {
  const server = await serve();
  const tokens = server.login('ada');
  const reads = [];
  const getTokens = () => new Promise((resolve) => reads.push(() => resolve(tokens)));
  const api = client(server, { getTokens, setTokens: () => {} });
  const requests = all(100, () => status(api.get('/api/orders')));
  while (api.stats().queued < 100 || reads.length === 0) await new Promise(setImmediate);
  reads[0]();
  expect(await requests).toEqual(Array(100).fill(200));
  expect(await status(api.get('/api/orders'))).toBe(200);
  expect(reads).toHaveLength(1);
  expect(server.ledger.counts).toMatchObject({ tokenRequests: 0, rejected: 0 });
});

test('nothing is read before it is needed', async () => {
  const server = await serve();
  const shelf = store('sync', server.login('ada'));
  const api = client(server, shelf.callbacks);
  expect(await status(api.get('/public/news', { skipAuthRefresh: true }))).toBe(200);
  expect(shelf.reads).toEqual([]);
});

test('seed tokens go into an empty store before they are used', async () => {
  const server = await serve();
  const tokens = server.login('ada');
  const shelf = store('0-2 ms');
  const api = client(server, { ...shelf.callbacks, tokens });
  expect(await all(20, () => status(api.get('/api/orders')))).toEqual(Array(20).fill(200));
  expect(shelf.writes).toHaveLength(1);
  expect(shelf.held().refreshToken === tokens.refreshToken).toBe(true);
  expect(server.ledger.counts.tokenRequests).toBe(0);
});

test('a store that holds tokens wins over the seed', async () => {
  const server = await serve();
  const shelf = store('0-2 ms', server.login('ada'));
  const api = client(server, { ...shelf.callbacks, tokens: server.login('seed') });
  expect(await status(api.get('/api/orders'))).toBe(200);
  expect(shelf.writes).toEqual([]);
  expect(server.ledger.requests[0].subject).toBe('ada');
});

test('an empty store: refresh is asked once, with null, for however many requests', async () => {
  const server = await serve();
  const shelf = store('0-2 ms');
  const asked = [];
  const refresh = async (refreshToken, { session, attempt, signal }) => {
    asked.push({ refreshToken, session, attempt, aborted: signal.aborted });
    return server.login('service');
  };
  const api = client(server, { ...shelf.callbacks, refresh });
  expect(await track(api.getTokens())).toBeNull();
  expect(asked).toEqual([]);
  expect(await all(50, () => status(api.get('/api/orders')))).toEqual(Array(50).fill(200));
  expect(asked).toEqual([{ refreshToken: null, session: 'default', attempt: 1, aborted: false }]);
  expect(shelf.held()).not.toBeNull();
});

test('an empty store and a refresh that refuses: lost for want of a refresh token, once for all', async () => {
  const server = await serve();
  const logout = jest.fn();
  let asked = 0;
  const refresh = async () => {
    asked += 1;
    throw Object.assign(new Error('no'), { status: 400, data: { error: 'invalid_grant' } });
  };
  const api = client(server, { ...store('sync').callbacks, refresh, logout });
  const lost = { code: 'ERR_SESSION_LOST', reason: 'no_refresh_token' };
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => track(api.get('/api/orders'))));
  for (const { reason } of outcomes) expect(reason).toMatchObject(lost);
  await expect(track(api.get('/api/orders'))).rejects.toMatchObject(lost);
  expect(asked).toBe(1);
  expect(logout).toHaveBeenCalledTimes(1);
  expect(server.ledger.counts.apiRequests).toBe(0);

  await track(api.setTokens(server.login('ada')));
  expect(await status(api.get('/api/orders'))).toBe(200);
});

test('tokens in a token endpoint’s own words are understood from the store and from refresh', async () => {
  const server = await serve();
  const { accessToken, refreshToken } = server.login('ada');
  const stored = { access_token: accessToken, refresh_token: refreshToken, expires_in: 1 };
  const api = client(server, store('0-2 ms', stored).callbacks);
  expect(await status(api.get('/api/orders'))).toBe(200);
  server.expire();
  expect(await status(api.get('/api/orders'))).toBe(200);
  expect(secret((await track(api.getTokens())).refreshToken)).not.toBe(refreshToken);
  expect(server.ledger.counts.refreshes).toBe(1);
});
