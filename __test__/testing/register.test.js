'use strict';

// The duties of a `RegisterStore` as checks: a good store passes all of them, and each bug that a store may have fails one.

const { setImmediate: turn } = require('node:timers/promises');
const { registerConformance } = require('../../lib/testing.js');
const { mapRegister } = require('../stores/support/map-register.js');

/** Names of the checks that fail, with their messages. `only`: the name of the one that is run. */
async function failures(open, { only, ...options } = {}) {
  const failed = {};
  for (const { name, run } of registerConformance(open, options)) {
    if (only === undefined || only === name) await run().catch((error) => (failed[name] = error.message));
  }
  return failed;
}

describe.each([
  ['at once', { watches: true }],
  ['later', { watches: true, latency: 2 }],
  ['without a watch', { watches: false }],
])('a good store that answers %s', (_name, kind) => {
  const { register } = mapRegister(kind);
  const second = { ...register };
  test.each(registerConformance(() => [register, second]))('$name', ({ run }) => run());
});

test('one store is enough, and so is a promise of it', async () => {
  const { register } = mapRegister();
  expect(await failures(async () => register)).toEqual({});
  expect(await failures(() => [register])).toEqual({});
});

test('a store may answer the repeat of a write with true', async () => {
  const { register, rows } = mapRegister();
  const compareAndSet = async (session, next, expected) =>
    rows.get(session)?.version === next.version || register.compareAndSet(session, next, expected);
  expect(await failures(() => ({ ...register, compareAndSet }))).toEqual({});
});

test('undefined stands for nothing, and a row may have more columns', async () => {
  const { register } = mapRegister();
  const read = async (session) => {
    const found = await register.read(session);
    return found === null ? undefined : { ...found, changed_at: new Date() };
  };
  expect(await failures(() => ({ ...register, read }))).toEqual({});
});

test('a store may tell of any session, and more often than there is a write', async () => {
  const { register } = mapRegister();
  const watch = (changed) => register.watch(() => [changed(), changed('another'), changed(7)]);
  expect(await failures(() => ({ ...register, watch }))).toEqual({});
});

const CREATED = 'a record is created over nothing only';
const CONFLICT = 'a write over another version changes nothing';
const READ = 'each process reads what the other one wrote a moment ago';
const REPEAT = 'the repeat of a write changes nothing';
const LATE = 'the repeat of a write that was replaced is a conflict';
const SESSIONS = 'sessions are told apart byte by byte';
const RECORDS = 'each record comes back as it was stored';
const VERSIONS = 'versions are compared digit by digit';
const WINS = 'one of many writers wins';
const UPDATES = 'no update is lost';
const TORN = 'record and version are of the same write';
const OTHERS = 'calls for other sessions at the same moment do not matter';
const TOLD = 'watch tells of each write of another process';
const ENDS = 'the end of one watch ends no other one';
const NOTHING = 'a session that was never written has no record';

/** A good store, with another `read` of what it has stored, or other texts to store. */
const reading = (change) => (good) => ({
  ...good,
  read: async (session) => change(await good.read(session)),
});
const storing = (change) => (good) => ({
  ...good,
  compareAndSet: (session, next, expected) => good.compareAndSet(session, change(next), expected),
});
const record = (change) => storing((next) => ({ ...next, record: change(next.record) }));
const keyed = (change) => (good) => ({
  ...good,
  read: (session) => good.read(change(session)),
  compareAndSet: (session, ...rest) => good.compareAndSet(change(session), ...rest),
});
const setting = (compareAndSet) => (good, rows) => ({
  ...good,
  compareAndSet: (...args) => compareAndSet(rows, good, ...args),
});
const watching = (watch) => (good, rows) => ({ ...good, watch: (...args) => watch(good, rows, ...args) });

const stored = (rows, session) => rows.get(session)?.version ?? null;

const CONDITIONS = [
  [
    'writes without a condition',
    setting(async (rows, _good, session, next) => Boolean(rows.set(session, next))),
    CREATED,
    /an insert must not replace/,
  ],
  [
    'inserts where nothing is there to be updated',
    setting((rows, good, session, next, expected) =>
      good.compareAndSet(session, next, rows.has(session) ? expected : null),
    ),
    CONFLICT,
    /while nothing is stored/,
  ],
  [
    'updates where nothing is expected',
    setting((rows, good, session, next, expected) =>
      good.compareAndSet(session, next, expected ?? stored(rows, session)),
    ),
    CREATED,
    /an insert must not replace/,
  ],
  [
    'swallows a conflict',
    setting(async (_rows, good, ...args) => (await good.compareAndSet(...args)) || true),
    CONFLICT,
    /resolved to true over/,
  ],
  [
    'says conflict after each write',
    setting(async (_rows, good, ...args) => (await good.compareAndSet(...args)) && false),
    CREATED,
    /resolved to false, although nothing was stored/,
  ],
  [
    'throws at a conflict',
    setting(async (_rows, good, ...args) => {
      if (!(await good.compareAndSet(...args))) throw new Error('ConditionalCheckFailed');
      return true;
    }),
    CREATED,
    /compareAndSet failed: ConditionalCheckFailed/,
  ],
  [
    'gives the number of rows',
    setting(async (_rows, good, ...args) => Number(await good.compareAndSet(...args))),
    CREATED,
    /must resolve to true or false, and gave number/,
  ],
  [
    'gives nothing',
    setting(async (_rows, good, ...args) => void (await good.compareAndSet(...args))),
    CREATED,
    /gave undefined/,
  ],
  [
    'answers an old write with true',
    (good) => {
      const written = new Set();
      const compareAndSet = async (session, next, expected) => {
        const done = await good.compareAndSet(session, next, expected);
        if (done) written.add(next.version);
        return written.has(next.version);
      };
      return { ...good, compareAndSet };
    },
    LATE,
    /although others have written since/,
  ],
  [
    'does the repeat of a write once more',
    setting(async (rows, good, session, next, expected) => {
      const now = rows.get(session);
      if (now?.version !== next.version) return good.compareAndSet(session, next, expected);
      rows.set(session, { ...next, record: now.record + next.record });
      return true;
    }),
    REPEAT,
    /after the repeat of a write/,
  ],
  [
    'compares the versions of others only in part',
    setting((rows, good, session, next, expected) => {
      const now = stored(rows, session);
      const same = expected !== null && now?.slice(0, 16) === expected.slice(0, 16);
      return good.compareAndSet(session, next, same ? now : expected);
    }),
    VERSIONS,
    /was done, although/,
  ],
];

const READS = [
  [
    'gives columns of null for nothing',
    reading((found) => found ?? { record: null, version: null }),
    NOTHING,
    /record is null/,
  ],
  ['gives rows', reading((found) => [found]), NOTHING, /record is undefined/],
  [
    'rejects where there is nothing',
    reading((found) => found.record && found),
    NOTHING,
    /read failed: Cannot read/,
  ],
  ['stores a record of null', record(() => null), CREATED, /record is null/],
  [
    'parses the record',
    reading((found) => found && { ...found, record: JSON.parse(found.record) }),
    CREATED,
    /record is object/,
  ],
  [
    'gives bytes',
    reading((found) => found && { ...found, record: Buffer.from(found.record) }),
    CREATED,
    /record is a Buffer/,
  ],
  [
    'keeps the version as a number',
    reading((found) => found && { ...found, version: Number(`0x${found.version}`) }),
    CREATED,
    /version number/,
  ],
  [
    'cuts the version',
    storing((next) => ({ ...next, version: next.version.slice(0, 16) })),
    CREATED,
    /16 char/,
  ],
];

const TEXTS = [
  ['trims the record', record((text) => text.trim()), RECORDS, /white space.*instead of/],
  [
    'writes JSON anew',
    record((text) => {
      try {
        return JSON.stringify(JSON.parse(text));
      } catch {
        return text;
      }
    }),
    RECORDS,
    /JSON that is not in order/,
  ],
  ['has columns of 64 KiB', record((text) => text.slice(0, 65_535)), RECORDS, /65535 characters instead of/],
  ['knows Latin-1 only', record((text) => Buffer.from(text, 'latin1').toString('latin1')), RECORDS, /JSON/],
  ['has utf8mb3', record((text) => text.replace(/[\u{10000}-\u{10ffff}]/gu, '?')), RECORDS, /languages/],
  ['normalises texts', record((text) => text.normalize('NFC')), RECORDS, /languages/],
  [
    'decodes base64 on its way',
    record((text) => (/^[\w+/]+=*$/.test(text) ? Buffer.from(text, 'base64').toString('base64') : text)),
    RECORDS,
    /base64 with its end/,
  ],
  ['ignores case', keyed((session) => session.toLowerCase()), SESSIONS, /A" is taken/],
  ['ignores spaces at the end', keyed((session) => session.trimEnd()), SESSIONS, /a " is taken/],
  ['normalises sessions', keyed((session) => session.normalize()), SESSIONS, /is taken/],
  ['folds letters', keyed((session) => session.replace('ß', 'ss')), SESSIONS, /ss" is taken/],
  [
    'makes names of files',
    keyed((session) => session.replace(/[^\p{L}\p{N} ]/gu, '_')),
    SESSIONS,
    /is taken/,
  ],
  ['cuts long sessions', keyed((session) => session.slice(0, 255)), SESSIONS, /is taken/],
  ['knows no symbols', keyed((session) => session.replace(/\p{So}/gu, '?')), SESSIONS, /is taken/],
  ['decodes sessions', keyed((session) => session.replace(/%2f/i, '/')), SESSIONS, /is taken/],
];

const RACES = [
  [
    'reads, compares and then writes',
    setting(async (rows, _good, session, next, expected) => {
      const now = stored(rows, session);
      await turn();
      if (now !== expected) return false;
      rows.set(session, next);
      return true;
    }),
    WINS,
    /told 8 that they had written/,
  ],
  [
    'loses updates now and then',
    (good, rows) => {
      let calls = 0;
      const compareAndSet = async (session, next, expected) => {
        calls += 1;
        if (calls % 7 !== 0 || expected === null) return good.compareAndSet(session, next, expected);
        const same = stored(rows, session) === expected;
        await turn();
        if (same) rows.set(session, next);
        return same;
      };
      return { ...good, compareAndSet };
    },
    UPDATES,
    /are gone/,
  ],
  [
    'writes record and version one after the other',
    (good, rows) => {
      const compareAndSet = async (session, next, expected) => {
        const now = rows.get(session);
        if ((now?.version ?? null) !== expected) return false;
        const half = { record: next.record, version: now?.version ?? next.version };
        rows.set(session, half);
        await turn();
        rows.set(session, { ...next });
        return true;
      };
      return { ...good, compareAndSet };
    },
    TORN,
    /in one step/,
  ],
  [
    'has one connection with one transaction',
    (good) => {
      let current;
      const begin = async (session) => {
        current = session;
        await turn();
        return current;
      };
      return {
        ...good,
        read: async (session) => good.read(await begin(session)),
        compareAndSet: async (session, ...rest) => good.compareAndSet(await begin(session), ...rest),
      };
    },
    OTHERS,
    /./,
  ],
];

const WATCHES = [
  ['never tells', watching(async () => () => {}), TOLD, /was not told by watch within 100 ms/],
  [
    'tells of other sessions',
    watching((good, _rows, changed) => good.watch((session) => changed(`key:${session}`))),
    TOLD,
    /but one to "key:/,
  ],
  [
    'tells before the write is done',
    (good, rows) => {
      const told = new Set();
      const compareAndSet = async (session, next, expected) => {
        for (const changed of told) changed(session);
        for (let i = 0; i < 3; i += 1) await turn();
        if (stored(rows, session) !== expected) return false;
        rows.set(session, next);
        return true;
      };
      const watch = async (changed) => {
        told.add(changed);
        return () => told.delete(changed);
      };
      return { ...good, compareAndSet, watch };
    },
    TOLD,
    /after it is done/,
  ],
  [
    'begins later than it says',
    watching(async (good, _rows, changed) => {
      const begun = new Promise((resolve) => setTimeout(() => resolve(good.watch(changed)), 20));
      return async () => (await begun)();
    }),
    TOLD,
    /was not told/,
  ],
  [
    'tells once',
    watching((good, _rows, changed) => {
      let told = false;
      return good.watch((session) => {
        if (!told) changed(session);
        told = true;
      });
    }),
    TOLD,
    /was not told/,
  ],
  [
    'gives no end',
    watching(async () => {}),
    TOLD,
    /must resolve to a function that ends it, and gave undefined/,
  ],
  ['fails', watching(() => Promise.reject(new Error('NOPERM'))), TOLD, /watch failed: NOPERM/],
  [
    'is lost',
    watching(async (_good, _rows, _changed, lost) => {
      lost(new Error('hung up'));
      return () => {};
    }),
    TOLD,
    /lost: hung up/,
  ],
  [
    'does not end',
    watching(async (good, ...args) => (await good.watch(args[1])) && (() => {})),
    ENDS,
    /after it was ended/,
  ],
  [
    'ends all at once',
    (good, rows, { watchers }) => ({
      ...good,
      watch: async (changed) => (await good.watch(changed)) && (() => watchers.clear()),
    }),
    ENDS,
    /was not told/,
  ],
];

const SLOW = [
  [
    'never reads',
    (good) => ({ ...good, read: () => new Promise(() => {}) }),
    NOTHING,
    /read has not settled/,
  ],
  ['never writes', setting(() => new Promise(() => {})), CREATED, /compareAndSet has not settled/],
];

const BUGS = [...CONDITIONS, ...READS, ...TEXTS, ...RACES, ...WATCHES, ...SLOW];

test.each(BUGS)('a store that %s fails', async (_name, bug, check, message) => {
  const made = mapRegister();
  const store = bug(made.register, made.rows, made);
  // A short time, because some of these never do what is waited for.
  const failed = await failures(() => store, { only: check, patience: 100 });
  expect(failed[check]).toMatch(message);
});

test('a process that reads from a replica fails', async () => {
  const { register } = mapRegister();
  const seen = new Map();
  const read = async (session) => {
    const before = seen.get(session) ?? null;
    seen.set(session, await register.read(session));
    return before;
  };
  const failed = await failures(() => [register, { ...register, read }], { only: READ });
  expect(failed[READ]).toMatch(/right after a write: read gave null/);
});

test('a process that keeps what it has read fails', async () => {
  const { register } = mapRegister();
  const kept = new Map();
  const read = async (session) => {
    if (!kept.has(session)) kept.set(session, await register.read(session));
    return kept.get(session);
  };
  const failed = await failures(() => [register, { ...register, read }], { only: READ });
  expect(failed[READ]).toMatch(/read gave null/);
});

test('each check is failed by a bug', () => {
  const failing = new Set([...BUGS.map(([, , check]) => check), READ]);
  const names = registerConformance(() => {}).map(({ name }) => name);
  expect(names.filter((name) => !failing.has(name))).toEqual([]);
});

test.each([
  [[undefined], /open must be a function/],
  [[{}], /open must be a function/],
  [[() => {}, { patient: 7 }], /unknown option "patient"/],
  [[() => {}, { patience: 0 }], /"patience" must be/],
  [[() => {}, { patience: '1 s' }], /"patience" must be/],
])('wrong arguments are refused: %p', (args, message) => {
  expect(() => registerConformance(...args)).toThrow(message);
});

test.each([[undefined], [null], [{}], [{ read() {} }], [[]], [[null]]])('%p is no store', async (given) => {
  const [{ run }] = registerConformance(() => given);
  await expect(run()).rejects.toThrow(/the store has no function/);
});
