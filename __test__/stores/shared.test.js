'use strict';

// Clients that share nothing but a store: another client here, a worker thread, processes. A strict server's ledger says what they
// did: one refresh for each expiry, no reuse, nothing lost, and every request 200.

const { once } = require('node:events');
const { mkdtempSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { MessageChannel, Worker } = require('node:worker_threads');
const { Pool } = require('pg');
const { useHarness } = require('../support/harness.js');
const { postgresStore } = require('../../lib/postgres.js');
const { MEMBER, PATIENCE, useCrew } = require('./support/crew.js');
const { mapRegister, serveRegister } = require('./support/map-register.js');
const { startPostgres } = require('./support/postgres.js');
const { startRedis } = require('./support/redis.js');

const { serve, client, track } = useHarness();
const { enlist, hireProcess, wave, expiries, twoProcesses } = useCrew({ serve, track });

const directories = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function newDirectory() {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'stores-'));
  directories.push(directory);
  return path.join(directory, 'tokens');
}

/** A worker with a client of its own over a register here. */
function hireThread({ url, tokenEndpoint }, register, { tokens, ...options } = {}) {
  const { port1, port2 } = new MessageChannel();
  serveRegister(register, port1);
  const workerData = { at: { url, tokenEndpoint }, tokens, options, port: port2 };
  const worker = new Worker(MEMBER, { workerData, transferList: [port2], env: { ...process.env } });
  enlist(() => worker.terminate());
  return {
    async ask(message) {
      worker.postMessage(message);
      return (await once(worker, 'message'))[0];
    },
    async dismiss() {
      worker.postMessage({ close: true });
      const [code] = await once(worker, 'exit');
      port1.close();
      return code;
    },
  };
}

/** A client here, as the others are. */
function memberHere(api) {
  return {
    async ask({ requests }) {
      const responses = Array.from({ length: requests }, () => api.get('/api/orders'));
      return { statuses: (await Promise.all(responses)).map(({ status }) => status) };
    },
  };
}

describe.each([
  ['that tells of changes', { watches: true }],
  ['that takes its time', { watches: true, latency: 6 }],
  ['without a watch', { watches: false, latency: 2 }],
])('a register of this program %s', (_name, kind) => {
  test(
    'two clients here and one in a worker thread',
    async () => {
      const server = await serve({ latency: [0, 4] });
      const tokens = server.login('ada');
      const { register, rows } = mapRegister(kind);
      const here = [client(server, { store: register, tokens }), client(server, { store: register, tokens })];
      const thread = hireThread(server, kind.watches ? register : { ...register, watch() {} }, { tokens });
      await expiries(server, [...here.map(memberHere), thread]);
      expect([...rows.keys()]).toEqual(['default']);
      expect(await thread.dismiss()).toBe(0);
    },
    PATIENCE,
  );
});

test(
  'tokens that live for a moment: each is rotated once, by whoever comes first',
  async () => {
    const server = await serve({ accessTokenTtl: 400, latency: [0, 4] });
    const tokens = server.login('ada');
    const { register } = mapRegister();
    const members = [1, 2, 3].map(() => memberHere(client(server, { store: register, tokens })));
    while (server.ledger.counts.refreshes < 12) await wave(members, 4);
    expect(server.ledger.counts.reuses).toBe(0);
  },
  PATIENCE,
);

describe('two processes that share', () => {
  const started = [];
  afterAll(() => Promise.all(started.map((server) => server.stop())));
  const start = async (starting) => {
    started.push(await starting);
    return started.at(-1);
  };

  const STORES = {
    'a directory': () => ({ store: { type: 'file', path: newDirectory() } }),
    async Redis() {
      const { url } = await start(startRedis());
      return { store: { type: 'redis', url } };
    },
    async 'a table of PostgreSQL, through PgBouncer'() {
      const { settings, throughBouncer } = await start(startPostgres());
      const pool = new Pool(settings);
      await postgresStore(pool).createTable();
      await pool.end();
      return { postgres: { pool: throughBouncer, direct: settings } };
    },
  };

  test.each(Object.keys(STORES))('%s', async (name) => twoProcesses(await STORES[name]()), PATIENCE);
});

test(
  'a login in one process is everybody’s, and so is a logout',
  async () => {
    const server = await serve();
    const store = { type: 'file', path: newDirectory() };
    const [first, second] = [await hireProcess(server, { store }), await hireProcess(server, { store })];
    await track(first.ask({ login: server.login('ada') }));
    await wave([second, first], 2);
    await track(second.ask({ login: server.login('bob') }));
    server.revoke('ada');
    // A request that was sent with the token of before is not sent again with that of another login.
    const [before] = (await track(first.ask({ requests: 1 }))).statuses;
    expect([200, 401]).toContain(before);
    await wave([first, second], 2);
    expect(server.ledger.requests.slice(-4).every(({ subject }) => subject === 'bob')).toBe(true);
    await track(first.ask({ login: null }));
    server.expire();
    const ask = async () => (await track(second.ask({ requests: 1 }))).statuses[0];
    const lost = expect.stringContaining('ERR_SESSION_LOST');
    expect([401, lost]).toContainEqual(await ask());
    expect(await ask()).toEqual(lost);
  },
  PATIENCE,
);

test('a process that starts finds the token that another has stored, and asks the server for none', async () => {
  const server = await serve();
  const { register } = mapRegister();
  await track(client(server, { store: register }).setTokens(server.login('ada')));
  const late = client(server, { store: register });
  expect((await track(late.get('/api/orders'))).status).toBe(200);
  expect(server.ledger.counts.refreshes).toBe(0);
});

test('records that are sealed are sealed', async () => {
  const server = await serve();
  const { register, rows } = mapRegister();
  const key = Buffer.alloc(32, 7).toString('base64');
  const tokens = server.login('ada');
  const open = client(server, { store: { ...register, key } });
  await track(open.setTokens(tokens));
  const { record } = rows.get('default');
  for (const token of Object.values(tokens)) expect(record).not.toContain(`${token}`);
  expect((await track(client(server, { store: { ...register, key } }).get('/api/orders'))).status).toBe(200);
  const other = Buffer.alloc(32, 8).toString('base64');
  const refused = track(client(server, { store: { ...register, key: other } }).get('/api/orders'));
  await expect(refused).rejects.toMatchObject({ name: 'StoreError' });
  expect(rows.get('default').record).toBe(record);
});
