'use strict';

// Duties towards texts: sessions, records and versions are compared and kept byte by byte.

const { demand, newDocument, newSession, show } = require('./probe.js');

/** Ends of sessions that databases, file systems and languages take for each other, and the longest session there is. */
const ENDS = [
  ...['a', 'A', 'a ', ' a', 'a\t', 'á', 'a\u0301', 'ß', 'ss', 'ﬁ', 'fi', 'ı', 'i', 'I', 'İ'],
  ...['/a', 'a/b', 'a\\b', '../a', '.', '..', 'a%2Fb', 'a%2fb', 'a+b', 'a b', 'a:b', 'a::b', 'a#b', 'a?b'],
  ...[
    "'; --",
    '"',
    '`',
    '\\',
    '\\\\',
    '%',
    '_',
    '*',
    '{a}b',
    '{a}',
    '$1',
    '${a}',
    '[a]',
    'a,b',
    'a\nb',
    'a\r\nb',
  ],
  ...[
    '🔑',
    '🔐',
    '☃',
    '__proto__',
    'constructor',
    'null',
    'undefined',
    '0',
    '00',
    '1e3',
    '1000',
    'tenant:7/user',
  ],
];
const LONGEST = 512;

const RECORDS = {
  JSON: JSON.stringify({ v: 1, list: [1, '2', null], deep: { empty: {} }, text: 'it’s "quoted" \\ \u0007' }),
  'JSON that is not in order': '{ "b" : 1.0, "a" : 1e2, "a" : "twice", "n": 12345678901234567890 }',
  'white space': ' \t\r\n record \r\n\n ',
  'letters of many languages': 'ä a\u0308 ß ı İ ﷺ 𝒳 ☃ 🔑 👩‍👩‍👧 \u2028 \u00a0 \ufeff',
  'what others take for commands': "%s %d {0} {{a}} $1 ${a} :a ? ?? ' '' \" ` \\ \\n \\u0000 <b> &amp; --",
  'base64 with its end': `${'ab+/'.repeat(16)}ab==`,
  'a number': '0123456789012345678901234567890',
  'a large one': `{"large":"${'0123456789abcdef'.repeat(12_500)}"}`,
  'a large one of other letters': '🔑ä'.repeat(20_000),
};

/** Of 32 digits, as all versions; some look like numbers that are equal, or equal in their first digits. */
const VERSIONS = [
  '0'.repeat(32),
  `${'0'.repeat(31)}1`,
  '9'.repeat(32),
  `${'9'.repeat(31)}8`,
  `${'0'.repeat(16)}e${'0'.repeat(15)}`,
  `1e${'0'.repeat(30)}`,
  `01${'0'.repeat(30)}`,
  'f'.repeat(32),
];

const longest = () => newSession('long').padEnd(LONGEST - 1, '0123456789abcdef');

const texts = {
  'sessions are told apart byte by byte': async (store, other) => {
    const run = newSession('odd');
    const long = longest();
    const sessions = [...ENDS.map((end) => `${run}${end}`), run, run.padEnd(LONGEST, '☃')];
    sessions.push(`${long}a`, `${long}b`);
    const stored = sessions.map((session) => [session, newDocument()]);
    for (const [session, document] of stored) {
      demand(
        await store.write(session, null, document),
        `the session ${show(session)} is taken for another one: nothing was stored for it`,
      );
    }
    for (const [session, document] of stored) {
      await other.mustRead(session, document, `the session ${show(session)}`);
    }
  },

  'each record comes back as it was stored': async (store, other) => {
    const session = newSession();
    let stored = null;
    for (const [name, record] of Object.entries(RECORDS)) {
      stored = await store.mustWrite(session, stored, newDocument(record));
      await other.mustRead(session, stored, `the record is ${name}`);
    }
  },

  'versions are compared digit by digit': async (store, other) => {
    const session = newSession();
    let stored = null;
    for (const version of VERSIONS) {
      // The same record each time: only the version is another one.
      const next = { record: 'same', version };
      stored = await store.mustWrite(session, stored, next);
      await other.mustRead(session, stored, `the version is ${version}`);
      for (const near of VERSIONS.filter((one) => one !== version)) {
        const done = await other.compareAndSet(session, newDocument('near'), near);
        demand(!done, `a write over the version ${near} was done, although ${version} is stored`);
      }
      await store.mustRead(session, stored, 'after writes over versions that are nearly the same');
    }
  },
};

module.exports = { texts };
