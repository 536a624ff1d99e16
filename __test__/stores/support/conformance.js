'use strict';

// The duties of every register that a program may write: see `RegisterStore` in index.d.ts.

const { randomBytes } = require('node:crypto');

const document = (record = `record ${randomBytes(8).toString('hex')}`) => ({
  record,
  version: randomBytes(16).toString('hex'),
});

const WRITERS = 8;
const ROUNDS = 10;

/** Keys that a database might take for each other, and the longest. */
const KEYS = [
  'a',
  'A',
  'a ',
  ' a',
  'ä',
  'a\u0308',
  "'; --",
  '"',
  '\\',
  '%',
  '\n',
  '🔑',
  'tenant:7/user',
  'x'.repeat(512),
];

/** @param {() => import('../../../index.js').RegisterStore} open  another store of the same database each time */
function conformance(open) {
  const newKey = () => `session ${randomBytes(8).toString('hex')}`;

  test('nothing is stored at first', async () => {
    expect(await open().read(newKey())).toBeNull();
  });

  test('a record is created over nothing only', async () => {
    const [store, key, first] = [open(), newKey(), document()];
    expect(await store.compareAndSet(key, first, null)).toBe(true);
    expect(await open().compareAndSet(key, document(), null)).toBe(false);
    expect(await open().read(key)).toEqual(first);
  });

  test('a write over another version conflicts and changes nothing', async () => {
    const [store, key, first, second] = [open(), newKey(), document(), document()];
    expect(await store.compareAndSet(key, first, document().version)).toBe(false);
    expect(await store.read(key)).toBeNull();
    await store.compareAndSet(key, first, null);
    expect(await store.compareAndSet(key, second, first.version)).toBe(true);
    for (const expected of [first.version, document().version]) {
      expect(await open().compareAndSet(key, document(), expected)).toBe(false);
      expect(await open().read(key)).toEqual(second);
    }
  });

  test('one of many writers wins', async () => {
    const key = newKey();
    let expected = null;
    for (let round = 0; round < ROUNDS; round += 1) {
      const writes = Array.from({ length: WRITERS }, async () => {
        const next = document();
        return (await open().compareAndSet(key, next, expected)) ? next : undefined;
      });
      const won = (await Promise.all(writes)).filter((next) => next !== undefined);
      expect(won).toHaveLength(1);
      expect(await open().read(key)).toEqual(won[0]);
      expected = won[0].version;
    }
  });

  test('sessions are told apart byte for byte', async () => {
    const prefix = newKey();
    const stored = KEYS.map((key) => [prefix + key, document()]);
    for (const [key, next] of stored) expect(await open().compareAndSet(key, next, null)).toBe(true);
    for (const [key, next] of stored) expect(await open().read(key)).toEqual(next);
  });

  test.each([
    ['large', 'r'.repeat(200_000)],
    ['JSON', JSON.stringify({ v: 1, text: 'it’s "quoted" \\ \u2028 \u0007 🔑' })],
    ['white space', ' \t\r\n record \n '],
    ['empty', ''],
  ])('a record is kept as it is: %s', async (_name, record) => {
    const [key, next] = [newKey(), document(record)];
    await open().compareAndSet(key, next, null);
    expect(await open().read(key)).toEqual(next);
  });
}

module.exports = { conformance, document };
