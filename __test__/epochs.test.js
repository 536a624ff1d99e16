'use strict';

// Login as another user, and logout, while a rotation and requests are under way. Judged by whose token each request
// carried when it reached the server.

const { SessionLostError } = require('../index.js');
const { useHarness } = require('./support/harness.js');
const { seeded } = require('./support/store.js');

const { serve, client, store, track, collect } = useHarness();

/** A request that says on whose behalf it was made. */
function ask(api, subject) {
  return track(api.get('/api/orders', { headers: { 'x-request-id': subject } }));
}

const ended = (promise) => promise.then(({ status }) => status).catch((error) => collect(error));

/** Requests that reached the server with a token of somebody else than they were made for. */
function strangers({ requests }) {
  return requests.filter(({ requestId, subject }) => subject !== null && subject !== requestId);
}

const LOGGED_OUT = { code: 'ERR_SESSION_LOST', reason: 'logged_out', sessionLost: true, retryable: false };
const PHASES = ['before-rotate', 'after-rotate', 'mid-body'];
const KNOWLEDGE = [
  ['the client knows to be expired', (tokens) => ({ ...tokens, expiresAt: 1 })],
  ['only the server knows to be expired', (tokens) => tokens],
];

describe.each(PHASES)('while the refresh hangs %s', (at) => {
  describe.each(KNOWLEDGE)('with a token %s', (_who, seen) => {
    /** A rotation of ada's under way, its answer held, with requests that wait for it. */
    async function rotating() {
      const server = await serve();
      const shelf = store('0-2 ms', seen(server.login('ada')));
      const hooks = { onRefreshed: jest.fn(), onRefreshFailed: jest.fn(), logout: jest.fn() };
      const api = client(server, { ...shelf.callbacks, ...hooks });
      server.expire();
      server.fault({ at, kind: 'hang' });
      const requests = Array.from({ length: 20 }, () => ask(api, 'ada'));
      await server.waitFor((ledger) => ledger.hanging === 1);
      while (api.stats().queued < requests.length) await new Promise(setImmediate);
      return { server, shelf, api, hooks, requests };
    }

    test('login as another user: nothing of the old login is sent, stored or told', async () => {
      const { server, shelf, api, hooks, requests } = await rotating();
      const bob = server.login('bob');
      await track(api.setTokens(bob));
      for (const outcome of await Promise.all(requests.map(ended))) {
        // Rejected, or what the server said to the token they were made with.
        if (outcome !== 401) expect(outcome).toMatchObject(LOGGED_OUT);
      }
      const meanwhile = await Promise.all(Array.from({ length: 20 }, () => ended(ask(api, 'bob'))));
      expect(meanwhile).toEqual(Array(20).fill(200));

      server.release();
      await track(api.close());
      expect(strangers(server.ledger)).toEqual([]);
      expect(shelf.held().accessToken === bob.accessToken).toBe(true);
      expect(shelf.held().refreshToken === bob.refreshToken).toBe(true);
      expect(shelf.writes).toHaveLength(1);
      for (const hook of Object.values(hooks)) expect(hook).not.toHaveBeenCalled();
    });

    test('logout: nothing is resurrected, and only a login ends it', async () => {
      const { server, shelf, api, requests } = await rotating();
      await track(api.setTokens(null));
      for (const outcome of await Promise.all(requests.map(ended))) {
        if (outcome !== 401) expect(outcome).toMatchObject(LOGGED_OUT);
      }
      server.release();
      await server.waitFor((ledger) => ledger.refreshTokens[0].delivered !== null);
      const asked = server.ledger.counts.tokenRequests;
      for (let time = 0; time < 3; time += 1) {
        expect(await ended(ask(api, 'ada'))).toBeInstanceOf(SessionLostError);
        expect(await ended(ask(api, 'ada'))).toMatchObject(LOGGED_OUT);
      }
      await expect(track(api.rotate())).rejects.toMatchObject(LOGGED_OUT);
      await expect(track(api.getAccessToken())).rejects.toMatchObject(LOGGED_OUT);
      expect(await track(api.getTokens())).toBeNull();
      expect(shelf.held()).toBeNull();
      expect(server.ledger.counts.tokenRequests).toBe(asked);

      await track(api.setTokens(server.login('bob')));
      expect(await ended(ask(api, 'bob'))).toBe(200);
      await track(api.close());
      expect(strangers(server.ledger)).toEqual([]);
      expect(shelf.writes.map(({ tokens }) => tokens === null)).toEqual([true, false]);
    });
  });
});

test('a refresh token of the old login that is refused late ends nothing of the new one', async () => {
  const server = await serve();
  const hooks = { onRefreshed: jest.fn(), onRefreshFailed: jest.fn(), logout: jest.fn() };
  const tokens = { ...server.login('ada'), expiresAt: 1 };
  const api = client(server, { tokens, ...hooks });
  server.fault({ at: 'before-rotate', kind: 'hang', times: 2 });
  const request = ended(ask(api, 'ada'));
  await server.waitFor((ledger) => ledger.hanging === 1);
  await track(api.setTokens({ ...server.login('bob'), expiresAt: 1 }));
  expect(await request).toMatchObject(LOGGED_OUT);
  const rotating = Array.from({ length: 10 }, () => ended(ask(api, 'bob')));
  await server.waitFor((ledger) => ledger.hanging === 2);

  // Both are answered: ada's with a refusal, bob's with new tokens.
  server.revoke('ada');
  server.release();
  expect(await Promise.all(rotating)).toEqual(Array(10).fill(200));
  await server.waitFor((ledger) => ledger.counts.refused === 1);
  expect(await ended(ask(api, 'bob'))).toBe(200);
  await track(api.close());
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, refused: 1 });
  expect(strangers(server.ledger)).toEqual([]);
  expect(hooks.onRefreshed).toHaveBeenCalledTimes(1);
  expect(hooks.onRefreshFailed).not.toHaveBeenCalled();
  expect(hooks.logout).not.toHaveBeenCalled();
});

test('a login while the rotated tokens are being saved ends up in the store', async () => {
  const server = await serve();
  const shelf = store('sync', { ...server.login('ada'), expiresAt: 1 });
  let saving;
  const begun = new Promise((resolve) => (saving = resolve));
  let save;
  const held = new Promise((resolve) => (save = resolve));
  const setTokens = async (tokens, session) => {
    saving();
    await held;
    shelf.callbacks.setTokens(tokens, session);
  };
  const api = client(server, { ...shelf.callbacks, setTokens });
  const request = ended(ask(api, 'ada'));
  await begun;
  const bob = server.login('bob');
  const login = track(api.setTokens(bob));
  save();
  await login;
  expect(await request).toMatchObject(LOGGED_OUT);
  expect(await ended(ask(api, 'bob'))).toBe(200);
  expect(shelf.held().accessToken === bob.accessToken).toBe(true);
  expect(strangers(server.ledger)).toEqual([]);
});

test('a login while the store is read for the first time wins over what is read', async () => {
  const server = await serve();
  const ada = server.login('ada');
  let read;
  const getTokens = () => new Promise((resolve) => (read = () => resolve(ada)));
  const api = client(server, { getTokens, setTokens: () => {} });
  const request = ended(ask(api, 'ada'));
  while (read === undefined) await new Promise(setImmediate);
  await track(api.setTokens(server.login('bob')));
  read();
  expect(await request).toMatchObject(LOGGED_OUT);
  expect(await ended(ask(api, 'bob'))).toBe(200);
  expect(strangers(server.ledger)).toEqual([]);
});

test('a request belongs to the login it was made under, however close the next one is', async () => {
  const server = await serve({ latency: [0, 3], apiLatency: [0, 3] });
  const shelf = store('0-2 ms', server.login('ada'), { seed: 5 });
  const api = client(server, shelf.callbacks);
  const random = seeded(13);
  const users = ['ada', 'bob', 'eve', null];
  let current = 'ada';
  const requests = [];
  for (let step = 0; step < 1_000; step += 1) {
    const dice = random();
    if (dice < 0.02) {
      current = users[Math.floor(random() * users.length)];
      track(api.setTokens(current === null ? null : server.login(current)));
    } else if (dice < 0.05) {
      server.expire();
    } else if (dice < 0.4) {
      await new Promise(setImmediate);
    } else if (dice < 0.42) {
      await requests.at(-1)?.outcome;
    } else {
      requests.push({ subject: current, outcome: ended(ask(api, current ?? 'nobody')) });
    }
  }
  for (const { subject, outcome } of requests) {
    const result = await outcome;
    if (subject === null) expect(result).toMatchObject(LOGGED_OUT);
    else if (result !== 200 && result !== 401) expect(result).toMatchObject(LOGGED_OUT);
  }
  await track(api.setTokens(server.login('last')));
  expect(await ended(ask(api, 'last'))).toBe(200);
  expect(strangers(server.ledger)).toEqual([]);
  expect(server.ledger.requests.filter(({ applied }) => applied).length).toBeGreaterThan(100);
});
