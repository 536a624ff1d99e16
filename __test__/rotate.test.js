'use strict';

// Rotating by name and ahead of time, tokens for other clients, and servers that no rotation helps.

const { useHarness } = require('./support/harness.js');

const { serve, client, store, track } = useHarness();

const status = async (promise) => (await track(promise)).status;
const all = (count, make) => Promise.all(Array.from({ length: count }, make));

describe('rotate', () => {
  test('is one refresh, however many callers ask, and requests wait for none of it while the token is good', async () => {
    const server = await serve();
    const shelf = store('0-2 ms', server.login('ada'));
    const api = client(server, shelf.callbacks);
    server.fault({ at: 'before-rotate', kind: 'hang' });
    const callers = all(50, () => track(api.rotate()));
    await server.waitFor((ledger) => ledger.hanging === 1);
    expect(await status(api.get('/api/orders'))).toBe(200);
    server.release();
    const tokens = await callers;
    expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
    expect(shelf.held().accessToken === tokens[0].accessToken).toBe(true);
    expect(server.ledger.counts).toMatchObject({ refreshes: 1, early: 1, rejected: 0 });
  });

  test('of a token that is no longer current gives the current ones, without a refresh', async () => {
    const server = await serve();
    const old = server.login('ada');
    const api = client(server, { tokens: old });
    const first = await track(api.rotate({ rejected: old.accessToken }));
    const late = await all(20, () => track(api.rotate({ rejected: old.accessToken })));
    expect(late.every(({ accessToken }) => accessToken === first.accessToken)).toBe(true);
    expect(server.ledger.counts.refreshes).toBe(1);
    await track(api.rotate({ rejected: first.accessToken }));
    expect(server.ledger.counts.refreshes).toBe(2);
  });

  test('joins the rotation that a rejected request began', async () => {
    const server = await serve();
    const api = client(server, { tokens: server.login('ada') });
    server.expire();
    server.fault({ at: 'before-rotate', kind: 'hang' });
    const request = status(api.get('/api/orders'));
    await server.waitFor((ledger) => ledger.hanging === 1);
    const rotated = track(api.rotate());
    server.release();
    expect(await request).toBe(200);
    expect((await track(api.getTokens())).accessToken === (await rotated).accessToken).toBe(true);
    expect(server.ledger.counts.refreshes).toBe(1);
  });
});

describe('getAccessToken', () => {
  test('waits for the rotation of a token known to be expired, and gives the new one', async () => {
    const server = await serve();
    const old = server.login('ada');
    const api = client(server, store('0-2 ms', { ...old, expiresAt: 1 }).callbacks);
    const tokens = await all(20, () => track(api.getAccessToken()));
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0] === old.accessToken).toBe(false);
    expect(server.ledger.counts.refreshes).toBe(1);
  });

  test('gives a good token during a rotation ahead, but never one that a server has rejected', async () => {
    const server = await serve();
    const old = server.login('ada');
    const api = client(server, { tokens: old });
    server.fault({ at: 'before-rotate', kind: 'hang', times: 2 });
    const ahead = track(api.rotate());
    await server.waitFor((ledger) => ledger.hanging === 1);
    expect((await track(api.getAccessToken())) === old.accessToken).toBe(true);
    server.expire();
    const request = status(api.get('/api/orders'));
    await server.waitFor((ledger) => ledger.counts.rejected === 1);
    while (api.stats().queued < 2) await new Promise(setImmediate);
    const asked = track(api.getAccessToken());
    server.release();
    expect((await asked) === old.accessToken).toBe(false);
    expect(await request).toBe(200);
    await ahead;
    expect(server.ledger.counts.refreshes).toBe(1);
  });
});

describe('ahead of expiry', () => {
  const HOUR = 3_600_000;

  test('it rotates in the background while the good token is used', async () => {
    const server = await serve({ accessTokenTtl: HOUR });
    const shelf = store('0-2 ms', server.login('ada'));
    let refreshed;
    const rotation = new Promise((resolve) => (refreshed = resolve));
    const api = client(server, { ...shelf.callbacks, refreshAhead: 2 * HOUR, onRefreshed: refreshed });
    server.fault({ at: 'after-rotate', kind: 'hang' });
    expect(await status(api.get('/api/orders'))).toBe(200);
    await server.waitFor((ledger) => ledger.hanging === 1);
    expect(await all(20, () => status(api.get('/api/orders')))).toEqual(Array(20).fill(200));
    expect(server.ledger.requests.every(({ generation }) => generation === 0)).toBe(true);
    server.release();
    await track(rotation);
    expect(server.ledger.counts).toMatchObject({ refreshes: 1, early: 1, rejected: 0 });
  });

  test('a failure there fails no request while the token is good', async () => {
    const server = await serve({ accessTokenTtl: HOUR });
    let failed;
    const failure = new Promise((resolve) => (failed = resolve));
    const tokens = server.login('ada');
    const api = client(server, { tokens, refreshAhead: 2 * HOUR, maxRetries: 0, onRefreshFailed: failed });
    server.fault({ at: 'before-rotate', kind: 'status', times: Infinity });
    expect(await status(api.get('/api/orders'))).toBe(200);
    expect(await track(failure)).toMatchObject({ sessionLost: false });
    expect(await all(20, () => status(api.get('/api/orders')))).toEqual(Array(20).fill(200));
    expect(server.ledger.counts).toMatchObject({ tokenRequests: 1, refreshes: 0, rejected: 0 });
  });

  test('0 turns it off', async () => {
    const server = await serve({ accessTokenTtl: HOUR });
    const api = client(server, { tokens: server.login('ada'), refreshAhead: 0 });
    expect(await all(20, () => status(api.get('/api/orders')))).toEqual(Array(20).fill(200));
    await track(api.close());
    expect(server.ledger.counts.tokenRequests).toBe(0);
  });
});

test('an API that rejects every token costs two refreshes at most, and the 401 is the caller’s', async () => {
  const server = await serve();
  const api = client(server, { tokens: server.login('ada') });
  server.fault({ at: 'api', kind: 'status', status: 401, times: Infinity });
  for (let round = 0; round < 10; round += 1) {
    expect(await all(100, () => status(api.get('/api/orders')))).toEqual(Array(100).fill(401));
  }
  expect(server.ledger.counts.refreshes).toBeLessThanOrEqual(2);
});

test('fifty sessions of one client, interleaved: each its own tokens, one refresh for each expiry', async () => {
  const server = await serve({ latency: [0, 3] });
  const users = Array.from({ length: 50 }, (_, at) => `user-${at}`);
  const shelf = store('0-2 ms');
  for (const user of users) shelf.put(server.login(user), user);
  const api = client(server, shelf.callbacks);
  const sessions = users.map((user) => [user, api.session(user)]);
  for (let round = 1; round <= 3; round += 1) {
    server.expire();
    const requests = Array.from({ length: 4 }, () => sessions).flat();
    const answers = requests.map(async ([user, session]) => {
      const response = await track(session.get('/api/orders', { headers: { 'x-request-id': user } }));
      return (await response.json()).subject === user;
    });
    expect(await Promise.all(answers)).toEqual(Array(200).fill(true));
    expect(server.ledger.counts).toMatchObject({ expiries: 50 * round, refreshes: 50 * round });
  }
  expect(server.ledger.requests.filter(({ subject, requestId }) => subject !== requestId)).toEqual([]);
  expect(new Set(shelf.writes.map(({ session }) => session))).toEqual(new Set(users));
});
