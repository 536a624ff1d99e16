'use strict';

// Who has newer tokens than whom: stragglers, other holders of the same store, a store that was rolled back, and
// answers that leave something out.

const { useHarness } = require('./support/harness.js');

const { serve, client, store, track, secret } = useHarness();

const status = async (promise) => (await track(promise)).status;

test('a straggler’s 401 for the old token is replayed without another refresh', async () => {
  const server = await serve();
  const api = client(server, { tokens: server.login('ada') });
  server.expire();
  server.fault({ at: 'api', kind: 'hang' });
  const straggler = track(api.get('/api/late'));
  await server.waitFor((ledger) => ledger.hanging === 1);
  // Held before its token is looked at; meanwhile another request finds it expired and rotates.
  expect(await status(api.get('/api/orders'))).toBe(200);
  server.release();
  expect(await straggler).toMatchObject({ status: 200, attempts: 2, replays: 1 });
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, rejected: 2 });
});

test('tokens another holder of the store has rotated are adopted, without a refresh', async () => {
  const server = await serve();
  const shelf = store('0-2 ms', server.login('ada'));
  const [here, there] = [client(server, shelf.callbacks), client(server, shelf.callbacks)];
  expect(await status(here.get('/api/orders'))).toBe(200);
  server.expire();
  expect(await status(there.get('/api/orders'))).toBe(200);
  const requests = Array.from({ length: 20 }, () => status(here.get('/api/orders')));
  expect(await Promise.all(requests)).toEqual(Array(20).fill(200));
  expect(server.ledger.counts).toMatchObject({ expiries: 1, refreshes: 1 });
  expect(here.stats()).toMatchObject({ adopted: 1, rotations: 0 });
});

test('a store that was rolled back never makes the session go back', async () => {
  const server = await serve();
  const first = server.login('ada');
  const shelf = store('0-2 ms', first);
  const api = client(server, shelf.callbacks);
  for (let expiry = 1; expiry <= 3; expiry += 1) {
    server.expire();
    expect(await status(api.get('/api/orders'))).toBe(200);
    shelf.put(first);
  }
  server.expire();
  expect(await status(api.get('/api/orders'))).toBe(200);
  expect(server.ledger.counts).toMatchObject({ refreshes: 4, reuses: 0 });
  expect(shelf.held().accessToken === first.accessToken).toBe(false);
  expect(api.stats()).toMatchObject({ adopted: 0, rotations: 4 });
});

test('a store that was rolled back by forty rotations is not believed either', async () => {
  const server = await serve();
  const first = server.login('ada');
  const shelf = store('sync', first);
  const api = client(server, shelf.callbacks);
  for (let expiry = 1; expiry <= 40; expiry += 1) {
    server.expire();
    expect(await status(api.get('/api/orders'))).toBe(200);
  }
  // The user's database keeps no expiry.
  shelf.put({ accessToken: first.accessToken, refreshToken: first.refreshToken });
  server.expire();
  expect(await status(api.get('/api/orders'))).toBe(200);
  expect(server.ledger.counts).toMatchObject({ refreshes: 41, reuses: 0 });
});

test('a store that shows replaced tokens for a moment is read again, and the newer tokens are adopted', async () => {
  const server = await serve();
  const first = server.login('ada');
  const shelf = store('sync', first);
  const [here, there] = [client(server, shelf.callbacks), client(server, shelf.callbacks)];
  const lagging = jest.spyOn(shelf.callbacks, 'getTokens');
  const reader = client(server, { ...shelf.callbacks, getTokens: (session) => lagging(session) });
  for (const api of [here, reader]) expect(await status(api.get('/api/orders'))).toBe(200);
  server.expire();
  expect(await status(reader.get('/api/orders'))).toBe(200);
  server.expire();
  expect(await status(there.get('/api/orders'))).toBe(200);
  lagging.mockReturnValueOnce(first).mockReturnValueOnce(first);
  expect(await status(reader.get('/api/orders'))).toBe(200);
  expect(server.ledger.counts).toMatchObject({ refreshes: 2, reuses: 0 });
  expect(reader.stats()).toMatchObject({ adopted: 1, rotations: 1 });
});

test('a read that finds nothing ends no session if the next read finds its tokens', async () => {
  const server = await serve();
  const shelf = store('sync', server.login('ada'));
  const getTokens = jest.fn(shelf.callbacks.getTokens);
  const logout = jest.fn();
  const api = client(server, { ...shelf.callbacks, getTokens, logout });
  server.expire();
  expect(await status(api.get('/api/orders'))).toBe(200);
  server.expire();
  getTokens.mockReturnValueOnce(null).mockReturnValueOnce(null);
  expect(await status(api.get('/api/orders'))).toBe(200);
  expect(server.ledger.counts).toMatchObject({ refreshes: 2, reuses: 0 });
  expect(logout).not.toHaveBeenCalled();
});

test('a store that was cleared by another holder ends the session instead of refreshing it', async () => {
  const server = await serve();
  const shelf = store('sync', server.login('ada'));
  const api = client(server, shelf.callbacks);
  expect(await status(api.get('/api/orders'))).toBe(200);
  shelf.put(null);
  server.expire();
  const lost = { code: 'ERR_SESSION_LOST', reason: 'logged_out' };
  await expect(track(api.get('/api/orders'))).rejects.toMatchObject(lost);
  expect(server.ledger.counts.tokenRequests).toBe(0);
  expect(shelf.held()).toBeNull();
});

test.each([
  ['omits', {}],
  ['answers null for', { refresh_token: null }],
])('a server that %s the refresh token: the one held is kept', async (_what, extra) => {
  const server = await serve({ reuse: 'none', omitRefreshToken: true });
  const tokens = server.login('ada');
  const shelf = store('0-2 ms', tokens);
  const refresh = async (refreshToken) => {
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
    const answer = await (await fetch(server.tokenEndpoint, { method: 'POST', body })).json();
    secret(answer.access_token);
    return { ...answer, ...extra };
  };
  const api = client(server, { ...shelf.callbacks, refresh });
  for (let expiry = 1; expiry <= 3; expiry += 1) {
    server.expire();
    expect(await status(api.get('/api/orders'))).toBe(200);
    expect(shelf.held().refreshToken === tokens.refreshToken).toBe(true);
  }
  expect(server.ledger.counts.refreshes).toBe(3);
});

test('what else is stored beside the tokens survives a rotation; what the answer brings wins', async () => {
  const server = await serve();
  const extras = { tenant: { id: 7, tags: ['a', 'ä'] }, scope: 'old' };
  const shelf = store('sync', { ...server.login('ada'), ...extras });
  const api = client(server, shelf.callbacks);
  server.expire();
  expect(await status(api.get('/api/orders'))).toBe(200);
  expect(shelf.held()).toMatchObject({ tenant: extras.tenant, scope: 'api' });
  expect(await track(api.getTokens())).toMatchObject({ tenant: extras.tenant, scope: 'api' });
});
