'use strict';

// The process is told to end while a rotation is under way: its tokens are stored first, if Rust can do that alone. Redis stands
// behind a gate, so that the commit cannot be done before the exit has begun.

const { on } = require('node:events');
const { TokenClient } = require('../../index.js');
const { startAuthServer } = require('../../lib/testing.js');
const { refreshAt } = require('../support/refresh.js');
const { startRedis } = require('../stores/support/redis.js');
const { endChildren, program, start } = require('./child.js');
const { startGate } = require('./redis-gate.js');

jest.setTimeout(120_000);

let redis;
beforeAll(async () => (redis = await startRedis()));
afterAll(() => redis.stop());

let server;
let gate;
let prefix = 0;
const clients = [];
beforeEach(async () => {
  server = await startAuthServer();
  gate = await startGate(redis.url);
  prefix += 1;
});
afterEach(async () => {
  await endChildren();
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await gate.stop();
  await server.close();
  expect(server.ledger.counts.reuses).toBe(0);
});

const storeAt = (url) => ({ type: 'redis', url, prefix: `${prefix}:` });

function run(settings, options) {
  const tokens = server.login('ada');
  server.expire();
  const at = { url: server.url, tokenEndpoint: server.tokenEndpoint, tokens };
  const child = program('drained', {
    ...at,
    brings: 'refresh',
    ...settings,
    options: { store: storeAt(gate.url), ...options },
  });
  return { child, tokens };
}

/** The same store, from this process. */
function sibling(options) {
  const { url: baseURL, tokenEndpoint } = server;
  const store = storeAt(redis.url);
  const client = new TokenClient({ baseURL, store, refresh: refreshAt(tokenEndpoint), ...options });
  clients.push(client);
  return client;
}

/** Resolves when the program has written this. */
async function reports(child, fact) {
  for await (const [text] of on(child.stdout, 'data', { close: ['end'] })) {
    if (text.includes(fact)) return;
  }
}

/**
 * Has the program end. Resolves when a program that waits for nothing has ended: another one has lived its whole life meanwhile,
 * of which an end is a small part.
 */
async function wouldHaveEnded(child) {
  const exiting = reports(child, 'exiting');
  child.send('end');
  await exiting;
  await start([require.resolve('./programs/program.js'), '{}']).ended;
}

/** The refresh is answered, and its commit is kept from Redis. */
async function untilCommit() {
  server.fault({ at: 'after-rotate', kind: 'hang' });
  await server.waitFor((ledger) => ledger.hanging === 1);
  const commit = gate.arm();
  server.release();
  await commit;
}

test.each([
  ['process.exit()', { ending: 'exit' }, 0],
  ['an uncaught exception', { ending: 'throw' }, 1],
  [
    'process.exit() in the main thread, and the client is in a worker thread',
    { ending: 'exit', inWorker: true },
    0,
  ],
])('%s waits for a commit', async (_name, settings, code) => {
  const { child, tokens } = run(settings, { drainOnExit: 60_000 });
  await untilCommit();
  await wouldHaveEnded(child);
  gate.release();
  expect(await child.ended).toMatchObject({ code, signal: null });
  const stored = await sibling().getTokens();
  expect(stored.refreshToken).not.toBe(tokens.refreshToken);
  expect((await sibling().get('/api/orders')).status).toBe(200);
  expect(server.ledger.counts.refreshes).toBe(1);
});

test('a grant in Rust asks, gets its answer and stores it while the process exits', async () => {
  const { child, tokens } = run({ ending: 'exit', brings: 'grant' }, { drainOnExit: 60_000 });
  server.fault({ at: 'before-rotate', kind: 'hang' });
  await server.waitFor((ledger) => ledger.hanging === 1);
  await wouldHaveEnded(child);
  server.release();
  expect(await child.ended).toMatchObject({ code: 0, signal: null });
  const stored = await sibling().getTokens();
  expect(stored.refreshToken).not.toBe(tokens.refreshToken);
  expect(server.ledger.counts.refreshes).toBe(1);
});

test('0: the exit does not wait', async () => {
  const { child, tokens } = run({ ending: 'exit' }, { drainOnExit: 0 });
  await untilCommit();
  child.send('end');
  expect(await child.ended).toMatchObject({ code: 0, signal: null });
  expect((await sibling().getTokens()).refreshToken).toBe(tokens.refreshToken);
});

test('the exit waits no longer than it may', async () => {
  const { child } = run({ ending: 'exit' }, { drainOnExit: 50 });
  await untilCommit();
  child.send('end');
  expect(await child.ended).toMatchObject({ code: 0, signal: null });
});

test('a refresh that JavaScript has not answered is given up, and its lease is given back', async () => {
  const { child } = run({ ending: 'exit', brings: 'never' }, { lease: 300_000, drainOnExit: 60_000 });
  await reports(child, 'refreshing');
  child.send('end');
  expect(await child.ended).toMatchObject({ code: 0, signal: null });
  // Without the release, this request would wait for more than six minutes, and end with a TimeoutError.
  expect((await sibling().get('/api/orders')).status).toBe(200);
  expect(server.ledger.counts.refreshes).toBe(1);
});
