'use strict';

// A stale write that is planted in a real store must reach the judge: else its "stale writes accepted: 0" says nothing.

const { mkdir, rename, writeFile } = require('node:fs/promises');
const path = require('node:path');
const { Client } = require('pg');

const { History } = require('../../chaos/judge/history.js');
const { STORES } = require('../../chaos/stores');
const { ask } = require('../../chaos/stores/redis.js');

jest.setTimeout(60_000);

/** The record of a commit, whose trail names those before it. */
const record = (...trail) => ({
  login: { id: 'login', seq: 1 },
  before: [],
  gen: trail.length,
  commit: trail[0],
  trail,
  tokens: { refresh: `token of ${trail[0]}` },
  lease: null,
  candidates: [],
  lost: null,
});
const [A, B] = [record('a'), record('b', 'a')];

/** Writes as the script of the `redis` store does. */
async function writeToRedis(port, next) {
  const script = `redis.call('HSET', KEYS[1], 'version', ARGV[1], 'text', ARGV[2])`;
  const words = [script, '1', 'session', next.commit, JSON.stringify(next)];
  // Redis reads a quoted word as JSON has it.
  const [code, ...rest] = words.map((word) => JSON.stringify(word));
  await ask(port, ['EVAL', code, ...rest].join(' '));
}

const portOf = (url) => new URL(url).port;

const WRITES = {
  file: async ({ option }, next) => {
    await mkdir(option.path, { recursive: true });
    const [draft, kept] = ['next', 'record'].map((ending) => path.join(option.path, `session.${ending}`));
    await writeFile(draft, `version and checksum\n${JSON.stringify(next)}`);
    await rename(draft, kept);
  },

  redis: ({ option }, next) => writeToRedis(portOf(option.url), next),

  postgres: async ({ option }, next) => {
    const client = new Client(option.pool);
    await client.connect();
    const text = `INSERT INTO token_rotator_sessions (session, record, version) VALUES ('session', $1, $2)
      ON CONFLICT (session) DO UPDATE SET record = $1, version = $2`;
    await client.query(text, [JSON.stringify(next), next.commit]);
    await client.end();
  },
};

async function observed(name, run) {
  const store = await STORES[name].open();
  const history = new History();
  try {
    await store.observe((...seen) => history.saw(...seen));
    const seen = async (count) => {
      while (history.records < count) {
        await store.observed();
        await new Promise(setImmediate);
      }
    };
    await run({ store, seen, history });
  } finally {
    await store.close();
  }
}

describe.each(Object.keys(WRITES))('%s', (name) => {
  (STORES[name].missing ? test.skip : test)('a planted stale write is told, and no other', () =>
    observed(name, async ({ store, seen, history }) => {
      const write = WRITES[name];
      let count = 0;
      for (const next of [A, B, record('c', 'b', 'a')]) {
        await write(store, next);
        await seen((count += 1));
      }
      expect(history.stale).toEqual([]);
      await write(store, B);
      await seen(4);
      expect(history.stale).toEqual([expect.stringContaining('a rotation gave way')]);
    }),
  );
});

(STORES.sentinel.missing ? test.skip : test)('sentinel: a lost write is told from a stale one', () =>
  observed('sentinel', async ({ store, seen, history }) => {
    const sentinel = portOf(store.option.url[0]);
    const master = async () => {
      const answer = await ask(sentinel, `SENTINEL GET-MASTER-ADDR-BY-NAME ${store.option.sentinel}`);
      return answer.split('\r\n')[4];
    };
    const first = await master();
    await writeToRedis(first, A);
    await writeToRedis(first, B);
    await ask(first, 'WAIT 1 0');
    const [, replica] = /slave0:ip=[^,]*,port=(\d+)/.exec(await ask(first, 'INFO replication'));
    // It is refused when it comes back, because a master without a password takes none. So the master alone has the next write.
    await ask(replica, 'CONFIG SET masterauth wrong');
    await ask(replica, 'CLIENT KILL TYPE master');
    await writeToRedis(first, record('lost', 'b', 'a'));
    await seen(3);
    await store.server.failover();
    expect(await master()).toBe(replica);
    await writeToRedis(replica, record('c', 'b', 'a'));
    await seen(4);
    expect(history.stale).toEqual([]);
    await writeToRedis(replica, record('d', 'a'));
    await seen(5);
    expect(history.stale).toEqual([expect.stringContaining('a rotation gave way')]);
  }),
);
