'use strict';

// Ten thousand requests that wait for one rotation: what they cost, in which order they go, and where it ends.

const { fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { QueueFullError, TimeoutError } = require('../index.js');
const { useHarness } = require('./support/harness.js');

const { serve, client, store, track, secret } = useHarness();

const WAITING = 10_000;
const MEBIBYTE = 2 ** 20;
/** MiB. A release build takes 31 to 42 of the 64 it may (`npm run bench -- --only=memory`); this one has debug code and a busy machine. */
const ALLOWED = 96;
const PATIENCE = 120_000;

/** A client in a process of its own, and a function that gives it an order. */
async function stormer(server, tokens) {
  const script = path.join(__dirname, 'support/storm.js');
  const child = fork(script, { execArgv: ['--expose-gc'], env: { ...process.env } });
  const tell = async (order) => {
    child.send(order);
    const [answer] = await Promise.race([once(child, 'message'), died(child)]);
    return answer;
  };
  const { url, tokenEndpoint } = server;
  await tell({ at: { url, tokenEndpoint }, tokens });
  return { child, tell };
}

async function died(child) {
  const [code, signal] = await once(child, 'exit');
  throw new Error(`the child ended with ${code ?? signal}`);
}

/** As many at once on the wire as `connections` says, which serve eight while the slowest of them serves one. */
const ABREAST = 8 * 256;

/** How far any request was served from its place in the line. */
function displacement(ledger) {
  const served = ledger.requests.filter(({ status, requestId }) => status === 200 && requestId !== 'warm');
  return Math.max(...served.map(({ requestId }, place) => Math.abs(place - Number(requestId))));
}

describe.each([
  ['the client knows', true],
  ['only the server knows', false],
])(`${WAITING} requests on a token that has expired, as %s`, (_who, known) => {
  test(
    'one refresh, all served, in order, in bounded memory',
    async () => {
      const server = await serve({ expiresIn: false, maxRequests: 4 * WAITING });
      const tokens = server.login('ada');
      const { child, tell } = await stormer(server, tokens);
      const calm = await tell({ warmUp: 400 });
      server.expire();
      if (known) await tell({ tokens: { ...tokens, expiresAt: 1 } });
      server.fault({ at: 'before-rotate', kind: 'hang' });

      const storm = await tell({ storm: WAITING });
      await server.waitFor((ledger) => ledger.hanging === 1);
      expect(server.release()).toBe(1);
      const end = await tell({ finish: true });
      expect(await once(child, 'exit')).toEqual([0, null]);

      expect({ ...storm, ...end }).toMatchObject({ waiting: WAITING, ok: WAITING });
      expect(end.stats).toMatchObject({ rotations: 1, queued: 0, queuePeak: WAITING });
      expect(server.ledger.counts).toMatchObject({ expiries: 1, refreshes: 1 });
      expect(Object.values(server.ledger.applied).filter((times) => times > 1)).toEqual([2_000]);
      expect((storm.rss - calm.rss) / MEBIBYTE).toBeLessThan(ALLOWED);
      expect(displacement(server.ledger)).toBeLessThan(ABREAST);
    },
    PATIENCE,
  );
});

test('a session whose refresh hangs holds up no other, however many wait for it', async () => {
  const server = await serve();
  const tokens = { ada: server.login('ada'), bob: server.login('bob') };
  const getTokens = (session) => tokens[session];
  const api = client(server, { getTokens, setTokens: () => {}, connections: 4 });
  const [ada, bob] = [api.session('ada'), api.session('bob')];
  await track(ada.get('/api/orders'));
  server.expire('ada');
  server.fault({ at: 'before-rotate', kind: 'hang' });
  const held = Array.from({ length: 20 }, () => track(ada.get('/api/orders')));
  await server.waitFor((ledger) => ledger.hanging === 1);
  expect((await track(bob.get('/api/orders'))).status).toBe(200);
  server.release();
  expect((await Promise.all(held)).map(({ status }) => status)).toEqual(Array(20).fill(200));
});

describe('a full queue', () => {
  test('refuses one more than queue.max with QueueFullError; the others lose nothing', async () => {
    const server = await serve();
    const shelf = store('0-2 ms', { ...server.login('ada'), expiresAt: 1 });
    const api = client(server, { ...shelf.callbacks, queue: { max: 20 } });
    server.fault({ at: 'after-rotate', kind: 'hang' });

    const waiting = Array.from({ length: 20 }, () => track(api.get('/api/orders')));
    const refused = Array.from({ length: 5 }, () => track(api.get('/api/orders')));
    const reasons = (await Promise.allSettled(refused)).map(({ reason }) => reason);
    expect(reasons.every((reason) => reason instanceof QueueFullError)).toBe(true);
    expect(reasons[0]).toMatchObject({ code: 'ERR_QUEUE_FULL', retryable: true, sessionLost: false });

    await server.waitFor((ledger) => ledger.hanging === 1);
    server.release();
    const statuses = (await Promise.all(waiting)).map(({ status }) => status);
    expect(statuses).toEqual(Array(20).fill(200));
    expect((await track(api.get('/api/orders'))).status).toBe(200);
    expect(server.ledger.counts).toMatchObject({ refreshes: 1, apiRequests: 21 });
    expect(api.stats()).toMatchObject({ queued: 0, queuePeak: 20 });
  });

  test('a request that waits longer than queue.timeout rejects with its phase; the rotation goes on', async () => {
    const server = await serve();
    const shelf = store('sync', { ...server.login('ada'), expiresAt: 1 });
    const api = client(server, { ...shelf.callbacks, queue: { timeout: 30 } });
    server.fault({ at: 'after-rotate', kind: 'hang' });

    const error = await track(api.get('/api/orders')).catch((reason) => reason);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', phase: 'queue', sessionLost: false });

    await server.waitFor((ledger) => ledger.hanging === 1);
    server.release();
    const [{ tokens }] = await saved(shelf);
    expect(secret(tokens.accessToken)).toBe(shelf.held().accessToken);
    expect((await track(api.get('/api/orders'))).status).toBe(200);
    expect(server.ledger.counts).toMatchObject({ refreshes: 1 });
  });

  test('a timeout of the request itself counts the wait for the rotation', async () => {
    const server = await serve();
    const shelf = store('sync', { ...server.login('ada'), expiresAt: 1 });
    const api = client(server, shelf.callbacks);
    server.fault({ at: 'after-rotate', kind: 'hang' });
    const error = await track(api.get('/api/orders', { timeout: 30 })).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', phase: 'queue' });
  });
});

async function saved(shelf) {
  while (shelf.writes.length === 0) await new Promise(setImmediate);
  return shelf.writes;
}
