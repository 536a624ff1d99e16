'use strict';

// One refresh for each expiry, whatever the load, the store and the order in which things arrive.

const { setTimeout: sleep } = require('node:timers/promises');
const { useHarness } = require('./support/harness.js');
const { LATENCIES, seeded } = require('./support/store.js');

const { serve, client, store, track } = useHarness();

const EXPIRIES = 25;
const REQUESTS = 100;
/** A wave of requests starts a session's life, and each expiry another: slow machines get their time. */
const PATIENCE = 120_000;

const STORES = [...Object.keys(LATENCIES), 'memory'];
const ARRIVALS = ['all at once', 'spread'];
const CASES = STORES.flatMap((latency) => ARRIVALS.map((arrival) => [latency, arrival]));

/** `count` requests; spread ones start over some hundred turns of the event loop. Resolves with their statuses. */
async function wave(api, count, arrival, random) {
  const responses = [];
  for (let at = 0; at < count; at += 1) {
    const turns = arrival === 'spread' ? Math.floor(random() * 4) : 0;
    for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
    responses.push(track(api.get(`/api/orders/${at}`)));
  }
  return (await Promise.all(responses)).map(({ status }) => status);
}

const allOk = (count) => Array(count).fill(200);

function wired(server, latency, options) {
  const tokens = server.login('ada');
  if (latency === 'memory') return client(server, { tokens, ...options });
  const shelf = store(latency, tokens, { seed: 7 });
  return client(server, { ...shelf.callbacks, ...options });
}

test.each(CASES)(
  `${EXPIRIES} expiries under load, store %s, arrivals %s: one refresh each, nothing lost`,
  async (latency, arrival) => {
    const server = await serve({ latency: [0, 4], apiLatency: [0, 4] });
    const api = wired(server, latency);
    const random = seeded(11);
    expect(await wave(api, REQUESTS, arrival, random)).toEqual(allOk(REQUESTS));

    for (let expiry = 1; expiry <= EXPIRIES; expiry += 1) {
      // Some are on the wire with the old token already: their rejections arrive during the rotation or after it.
      const before = wave(api, REQUESTS / 2, arrival, random);
      server.expire();
      const after = wave(api, REQUESTS / 2, arrival, random);
      expect([...(await before), ...(await after)]).toEqual(allOk(REQUESTS));
      expect(server.ledger.counts).toMatchObject({ expiries: expiry, refreshes: expiry, early: 0 });
    }
    expect(server.ledger.lost).toEqual([]);
    expect(api.stats()).toMatchObject({ rotations: EXPIRIES, rotationsFailed: 0, queued: 0 });
  },
  PATIENCE,
);

test(
  'expiry that is known: one refresh each, and the client rotates before it is told',
  async () => {
    const server = await serve({ accessTokenTtl: 150 });
    const shelf = store('0-2 ms', server.login('ada'));
    const api = client(server, { ...shelf.callbacks, refreshAhead: 0 });
    for (let expiry = 1; expiry <= EXPIRIES; expiry += 1) {
      expect(await wave(api, REQUESTS, 'all at once')).toEqual(allOk(REQUESTS));
      const { expiresAt } = shelf.held();
      while (Date.now() <= expiresAt) await sleep(expiresAt - Date.now() + 1);
    }
    expect(await wave(api, REQUESTS, 'all at once')).toEqual(allOk(REQUESTS));
    const { refreshes, expiries, early } = server.ledger.counts;
    expect(refreshes).toBeGreaterThanOrEqual(EXPIRIES);
    expect({ expiries, early }).toEqual({ expiries: refreshes, early: 0 });
  },
  PATIENCE,
);

test('expiry that only the server knows of, its clock being ahead: one refresh each', async () => {
  const server = await serve({ accessTokenTtl: 60_000 });
  const api = wired(server, '0-2 ms', { refreshAhead: 0 });
  for (let expiry = 1; expiry <= 5; expiry += 1) {
    server.advance(60_001);
    expect(await wave(api, REQUESTS, 'all at once')).toEqual(allOk(REQUESTS));
    expect(server.ledger.counts).toMatchObject({ expiries: expiry, refreshes: expiry, early: 0 });
  }
});

test('a token known to be expired is never sent', async () => {
  const server = await serve();
  const shelf = store('0-2 ms', { ...server.login('ada'), expiresAt: Date.now() - 1 });
  const api = client(server, shelf.callbacks);
  expect(await wave(api, REQUESTS, 'all at once')).toEqual(allOk(REQUESTS));
  expect(server.ledger.requests.every(({ generation }) => generation === 1)).toBe(true);
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, rejected: 0 });
});

test('hooks run in order, once for each rotation, before any request that waited is answered', async () => {
  const server = await serve();
  const shelf = store('0-2 ms', server.login('ada'));
  const story = [];
  const { getTokens, setTokens } = shelf.callbacks;
  const api = client(server, {
    getTokens,
    setTokens: async (tokens, session) => {
      await setTokens(tokens, session);
      story.push('saved');
    },
    onBeforeRefresh: () => story.push('before'),
    onRefreshed: () => story.push('refreshed'),
  });
  server.expire();
  const requests = Array.from({ length: 10 }, async () => {
    const { status } = await track(api.get('/api/orders'));
    story.push(status);
  });
  await Promise.all(requests);
  expect(story).toEqual(['before', 'saved', 'refreshed', ...allOk(10)]);
});
