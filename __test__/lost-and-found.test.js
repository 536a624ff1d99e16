'use strict';

// A session that is lost, or whose early refresh was refused: what still serves, and how a login of another process is found.

const { rejection } = require('./callbacks/misbehaviours.js');
const { useHarness } = require('./support/harness.js');

const { serve, client, store, track } = useHarness();

/** A session that the server has ended. */
async function lost(options) {
  const server = await serve();
  const shelf = store('0-2 ms', server.login('ada'));
  const logout = jest.fn();
  const api = client(server, { ...shelf.callbacks, logout, ...options });
  const get = () => track(api.get('/api/orders'));
  server.revoke();
  expect((await rejection(get())).reason).toBe('rejected');
  const asked = server.ledger.counts.tokenRequests;
  /** Resolves to a call's result as soon as it has one. */
  const found = async (call) => {
    for (;;) {
      const result = await call().catch((error) => error);
      if (!(result instanceof Error)) return result;
      expect(result.code).toBe('ERR_SESSION_LOST');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  return { server, shelf, logout, api, get, asked, found };
}

test.each([
  ['get', ({ get }) => get().then(({ status }) => status)],
  ['getAccessToken', ({ api }) => track(api.getAccessToken())],
  ['rotate', ({ api }) => track(api.rotate())],
])('a login of another process is found by %s', async (_name, call) => {
  const world = await lost();
  const { server, shelf, logout, api, get, asked, found } = world;
  shelf.put(server.login('ada'));
  await found(() => call(world));
  expect((await get()).status).toBe(200);
  expect(await track(api.getTokens())).toEqual(shelf.held());
  expect(server.ledger.counts.tokenRequests).toBe(asked);
  expect(logout).toHaveBeenCalledTimes(1);
});

test('the tokens that were refused are not sent again, whatever else changes in the store', async () => {
  const { server, shelf, get, asked } = await lost();
  const { refreshToken } = shelf.held();
  const { accessToken } = server.login('bob');
  shelf.put({ accessToken, refreshToken });
  for (let at = 0; at < 30; at += 1) {
    expect((await rejection(get())).reason).toBe('rejected');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(server.ledger.counts.tokenRequests).toBe(asked);
});

test('a login after a logout here is found, and the tokens before it are none', async () => {
  const { server, shelf, api, get, found } = await lost();
  const before = server.login('ada');
  await track(api.setTokens(before));
  expect((await get()).status).toBe(200);
  await track(api.setTokens(null));
  shelf.put(before);
  for (let at = 0; at < 30; at += 1) {
    expect((await rejection(get())).reason).toBe('logged_out');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  shelf.put(server.login('ada'));
  expect((await found(get)).status).toBe(200);
});

test('a refused early refresh: hooks at once, no further try, and the token serves until it is rejected', async () => {
  const server = await serve({ accessTokenTtl: 60_000 });
  const tokens = server.login('ada');
  const logout = jest.fn();
  const onRefreshFailed = jest.fn();
  const refresh = jest.fn(() => Promise.reject({ error: 'invalid_grant' }));
  const api = client(server, { tokens, refresh, logout, onRefreshFailed, refreshAhead: 120_000 });
  const get = () => track(api.get('/api/orders'));
  while (logout.mock.calls.length === 0) expect((await get()).status).toBe(200);
  for (let at = 0; at < 10; at += 1) expect((await get()).status).toBe(200);
  expect(refresh).toHaveBeenCalledTimes(1);
  expect(onRefreshFailed).toHaveBeenCalledTimes(1);
  expect(logout).toHaveBeenCalledTimes(1);

  server.expire();
  for (let at = 0; at < 3; at += 1) expect((await rejection(get())).reason).toBe('rejected');
  expect(server.ledger.counts.rejected).toBe(1);
  expect(refresh).toHaveBeenCalledTimes(1);
  expect(logout).toHaveBeenCalledTimes(1);
});
