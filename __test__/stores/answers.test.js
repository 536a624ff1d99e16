'use strict';

// What a register's functions give, and what Rust is told of it: exactly one reply, and of a wrong shape a text that names the field.

const { inspect } = require('node:util');
const { Callbacks } = require('../../lib/callbacks/callbacks.js');
const crossing = require('../../lib/crossing/native-errors.js');
const { hostile, withResolvers } = require('../callbacks/misbehaviours.js');

const SECRET = 's3cr3t-marker';
const VERSION = '0123456789abcdef0123456789abcdef';
const stored = { record: SECRET, version: VERSION };

/** Calls a function of the register, as Rust does, and resolves with the replies once there was one and a few turns more. */
async function replies(register, name, ...args) {
  const callbacks = new Callbacks({ register }, crossing);
  const { promise: replied, resolve } = withResolvers();
  const got = [];
  const reply =
    (name) =>
    (number, ...rest) => {
      expect(number).toBe(7);
      got.push([name, ...rest]);
      resolve();
    };
  const environment = {
    reply: reply('reply'),
    replyDocument: reply('document'),
    replyFailed: reply('failed'),
  };
  callbacks.register[name](environment, 7, ...args);
  await replied;
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  return got;
}

const read = (answer) => replies({ read: answer }, 'read', 'ada');
const set = (answer, ...args) => replies({ compareAndSet: answer }, 'compareAndSet', 'ada', ...args);

test.each([
  ['a value', () => stored],
  ['a promise', async () => stored],
  ['a thenable that answers twice', () => ({ then: (resolve) => [stored, null].forEach(resolve) })],
  ['a row with more columns', async () => ({ ...stored, changed_at: new Date() })],
  ['an instance of a class', async () => Object.assign(new (class Row {})(), stored)],
])('read gives %s', async (_name, answer) => {
  expect(await read(answer)).toEqual([['document', SECRET, VERSION]]);
});

test.each([null, undefined])('read gives %p: nothing is stored', async (nothing) => {
  expect(await read(async () => nothing)).toEqual([['reply']]);
});

test.each([
  ['a string', SECRET, 'store.read must resolve to { record, version } or null, and gave a string'],
  ['rows', [stored], 'store.read must resolve to { record, version } or null, and gave an array'],
  ['a number', 7, 'store.read must resolve to { record, version } or null, and gave a number'],
  ['a function', () => stored, 'store.read must resolve to { record, version } or null, and gave a function'],
  [
    'a result',
    { rows: [stored] },
    'record of what store.read gave must be the text that was stored, and is undefined',
  ],
  [
    'no record',
    { version: VERSION },
    'record of what store.read gave must be the text that was stored, and is undefined',
  ],
  [
    'a parsed record',
    { ...stored, record: { v: 1, SECRET } },
    'record of what store.read gave must be the text that was stored, and is an object',
  ],
  [
    'bytes',
    { ...stored, record: Buffer.from(SECRET) },
    'record of what store.read gave must be the text that was stored, and is a Buffer',
  ],
  [
    'no version',
    { record: SECRET },
    'version of what store.read gave must be the text that was stored, and is undefined',
  ],
  [
    'null for a version',
    { record: SECRET, version: null },
    'version of what store.read gave must be the text that was stored, and is null',
  ],
  [
    'a number for a version',
    { record: SECRET, version: 3 },
    'version of what store.read gave must be the text that was stored, and is a number',
  ],
  ...[
    '',
    SECRET,
    VERSION.toUpperCase(),
    `${VERSION} `,
    `${VERSION}\n`,
    '01234567-89ab-cdef-0123-456789abcdef',
  ].map((version) => [
    'another version',
    { record: SECRET, version },
    'version of what store.read gave must be the text that was stored, and is another text',
  ]),
])('read gives %s: a failure that says so', async (_name, answer, text) => {
  const [[reply, kind, retryAfter, kept, said], ...more] = await read(async () => answer);
  expect([reply, kind, retryAfter, said]).toEqual(['failed', 'unknown', undefined, text]);
  expect(kept).toBeGreaterThan(0);
  expect(more).toEqual([]);
  expect(said).not.toContain(SECRET);
});

test.each([true, false])('compareAndSet gives %p', async (done) => {
  const compareAndSet = jest.fn(async () => done);
  expect(await set(compareAndSet, SECRET, VERSION, null)).toEqual([['reply', done]]);
  expect(compareAndSet.mock.calls).toEqual([['ada', stored, null]]);
});

test.each([undefined, null, 0, 1, 'true', {}, [true], { rowCount: 1 }])(
  'compareAndSet gives %p: a failure that says so',
  async (answer) => {
    const [[reply, kind, , kept, said], ...more] = await set(async () => answer, SECRET, VERSION, VERSION);
    expect([reply, kind]).toEqual(['failed', 'unknown']);
    expect(said).toMatch(
      /^store\.compareAndSet must resolve to true or false, and gave (null|undefined|an? \w+)$/,
    );
    expect(kept).toBeGreaterThan(0);
    expect(more).toEqual([]);
  },
);

const FAILING = {
  throws: (thrown) => {
    throw thrown;
  },
  rejects: (thrown) => Promise.reject(thrown),
  'gives a thenable whose `then` throws': (thrown) => ({
    then() {
      throw thrown;
    },
  }),
  'gives a Proxy that throws': (thrown) => hostile(thrown),
};
const thrown = [new Error(SECRET), undefined, hostile(new Error('trap'))];

describe.each(['read', 'compareAndSet'])('%s', (name) => {
  test.each(Object.keys(FAILING))('%s: a failure without a text', async (how) => {
    for (const value of thrown) {
      const got = await replies({ [name]: () => FAILING[how](value) }, name, 'ada', SECRET, VERSION, null);
      expect(got).toHaveLength(1);
      const [reply, kind, retryAfter, kept, said] = got[0];
      expect([reply, kind, retryAfter, said]).toEqual(['failed', 'unknown', undefined, undefined]);
      expect(kept).toBeGreaterThan(0);
    }
  });

  test('may not wait for its client', async () => {
    let refused;
    const register = {
      [name]() {
        try {
          callbacks.assertNotInside();
        } catch (error) {
          refused = error;
        }
        return name === 'read' ? null : true;
      },
    };
    const callbacks = new Callbacks({ register }, crossing);
    callbacks.register[name]({ reply() {} }, 1, 'ada', SECRET, VERSION, null);
    expect(refused).toMatchObject({ code: 'ERR_REENTRANT_CALL' });
    expect(inspect(refused)).not.toContain(SECRET);
    expect(() => callbacks.assertNotInside()).not.toThrow();
  });
});
