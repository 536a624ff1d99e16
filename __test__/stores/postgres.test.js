'use strict';

// The `token-rotator/postgres` entry over a real PostgreSQL, straight and through PgBouncer.

const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { Client, Pool } = require('pg');
const { postgresStore } = require('../../lib/postgres.js');
const { Watch } = require('../../lib/callbacks/watch.js');
const { registerConformance } = require('../../lib/testing.js');
const { withResolvers } = require('../callbacks/misbehaviours.js');
const { startPostgres } = require('./support/postgres.js');

jest.setTimeout(60_000);

const document = (record = `record ${randomBytes(8).toString('hex')}`) => ({
  record,
  version: randomBytes(16).toString('hex'),
});

let database;
const pools = [];
const pool = (settings = database.settings, more = {}) => {
  const made = new Pool({ ...settings, ...more });
  // Of idle connections, while the server ends.
  made.on('error', () => {});
  pools.push(made);
  return made;
};

beforeAll(async () => {
  database = await startPostgres();
  await postgresStore(pool()).createTable();
});
afterEach(async () => {
  await Promise.all(pools.splice(0).map((made) => made.end()));
});
afterAll(() => database.stop());

describe.each([
  ['straight', () => database.settings, {}],
  ['through PgBouncer in transaction mode', () => database.throughBouncer, {}],
  [
    'with serializable transactions',
    () => database.settings,
    { options: '-c default_transaction_isolation=serializable' },
  ],
])('%s', (_name, settings, more) => {
  let shared;
  beforeEach(() => (shared = pool(settings(), more)));
  const stores = () => [
    postgresStore(shared, { listen: () => pool(database.settings).connect() }),
    postgresStore(pool(settings(), more)),
  ];
  test.each(registerConformance(stores))('$name', ({ run }) => run());

  test('an empty record is kept', async () => {
    const [store, next] = [postgresStore(shared), document('')];
    await store.compareAndSet(`empty ${_name}`, next, null);
    expect(await store.read(`empty ${_name}`)).toEqual(next);
  });

  test('the repeat of a write that was applied is done as well', async () => {
    const [store, first, second] = [postgresStore(shared), document(), document()];
    const key = `repeat ${_name}`;
    for (const [next, expected] of [
      [first, null],
      [second, first.version],
    ]) {
      expect(await store.compareAndSet(key, next, expected)).toBe(true);
      expect(await store.compareAndSet(key, next, expected)).toBe(true);
      expect(await store.read(key)).toEqual(next);
    }
    expect(await store.compareAndSet(key, first, null)).toBe(false);
  });
});

test('eight processes may create the table at the same moment', async () => {
  const table = 'made_by_eight';
  const stores = Array.from({ length: 8 }, () => postgresStore(pool(), { table }));
  await Promise.all(stores.map((store) => store.createTable()));
  expect(await stores[0].read('a')).toBeNull();
});

test.each(['order', 'Case_Counts', 'größe', 'public.with_schema', '_$1'.replace('$', 'x$')])(
  'a table may be called %s',
  async (table) => {
    const [store, next] = [postgresStore(pool(), { table }), document()];
    await store.createTable();
    expect(await store.compareAndSet('a', next, null)).toBe(true);
    expect(await store.read('a')).toEqual(next);
  },
);

test.each([
  ...[
    null,
    7,
    '',
    'a b',
    'a"b',
    "a'b",
    'a;b',
    'a--',
    'a.b.c',
    '.a',
    'a.',
    '1a',
    'x'.repeat(64),
    'ä'.repeat(32),
  ],
])('a table may not be called %p', (table) => {
  expect(() => postgresStore({ query() {} }, { table })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining('table') }),
  );
});

test.each([
  ['pool', undefined, undefined],
  ['pool', {}, undefined],
  ['options', { query() {} }, 7],
  ['tabel', { query() {} }, { tabel: 'x' }],
  ['listen', { query() {} }, { listen: 'postgres://localhost' }],
  ['listen', { query() {} }, { listen: new Pool() }],
])('a wrong %s is refused', (name, ...args) => {
  expect(() => postgresStore(...args)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining(name) }),
  );
});

test('what the database says is what the call rejects with', async () => {
  const store = postgresStore(pool(), { table: 'not_there' });
  await expect(store.read('a')).rejects.toMatchObject({ code: '42P01' });
  await expect(store.compareAndSet('a', document(), null)).rejects.toMatchObject({ code: '42P01' });
});

describe('listen', () => {
  const connected = async () => {
    const client = new Client(database.settings);
    await client.connect();
    return client;
  };

  /** Resolves with the next session that is told, once for each call. */
  function listener() {
    const told = [];
    let wake = () => {};
    return {
      told,
      changed(session) {
        told.push(session);
        wake();
      },
      async until(found) {
        while (!told.some(found)) await new Promise((resolve) => (wake = resolve));
      },
    };
  }

  test('without it there is no watch', () => {
    expect(postgresStore(pool()).watch).toBeUndefined();
  });

  test.each([
    ['a client', async () => connected()],
    ['a function', async () => connected],
    ['a function that takes one from a pool', async (direct) => () => direct.connect()],
  ])('%s: a change by another store is told with its session', async (name, open) => {
    const direct = pool();
    const listen = await open(direct);
    const { told, changed, until } = listener();
    const end = await postgresStore(pool(), { listen }).watch(changed);
    const other = postgresStore(pool(database.throughBouncer));
    const key = `told ${name}`;
    const next = document();
    await other.compareAndSet(key, next, null);
    await until((session) => session === key);
    await other.compareAndSet(key, document(), next.version);
    await other.compareAndSet(key, document(), next.version); // conflicts, and so tells nothing
    await other.compareAndSet(`${key} 2`, document(), null);
    await until((session) => session === `${key} 2`);
    expect(told.filter((session) => session === key)).toHaveLength(2);

    await end();
    if (typeof listen !== 'function') await listen.end();
  });

  test('another table is another channel', async () => {
    const { told, changed, until } = listener();
    const end = await postgresStore(pool(), { listen: connected, table: 'Case_Counts' }).watch(changed);
    const stores = [postgresStore(pool()), postgresStore(pool(), { table: 'Case_Counts' })];
    await stores[1].createTable();
    await stores[0].compareAndSet('other table', document(), null);
    await stores[1].compareAndSet('this table', document(), null);
    await until((session) => session === 'this table');
    expect(told).toEqual(['this table']);
    await end();
  });

  test('a connection that is lost is told, and ends no process', async () => {
    const client = await connected();
    const { promise: lost, resolve: tellLost } = withResolvers();
    await postgresStore(pool(), { listen: client }).watch(() => {}, tellLost);
    await terminate(client);
    expect((await lost).message).toMatch(/terminat/);
    await client.end();
  });

  test('a function is called again for a connection that was lost', async () => {
    const made = [];
    const listen = async () => {
      made.push(await connected());
      return made.at(-1);
    };
    const store = postgresStore(pool(), { listen });
    const { told, changed, until } = listener();
    const failed = jest.fn();
    const watch = new Watch(
      {},
      store.watch,
      (watches, session) => changed(watches ? (session ?? '*') : 'lost'),
      failed,
    );
    await until((session) => session === '*');
    await terminate(made[0]);
    await until((session) => session === 'lost');
    told.length = 0;
    await until((session) => session === '*');
    await postgresStore(pool()).compareAndSet('after the loss', document(), null);
    await until((session) => session === 'after the loss');
    expect(made).toHaveLength(2);
    expect(failed).toHaveBeenCalledTimes(1);
    const ended = once(made[1], 'end');
    watch.close();
    await ended;
  });

  async function terminate(client) {
    const { rows } = await pool().query(
      "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND pid = $1",
      [client.processID],
    );
    expect(rows).toHaveLength(1);
    await pool().query('SELECT pg_terminate_backend($1)', [client.processID]);
  }
});
