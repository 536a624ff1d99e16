'use strict';

// A report as a table for people.

const HEAD = [
  'session',
  'state',
  'generation',
  'written',
  'expires',
  'lease',
  'intent',
  'candidates',
  'lost',
];
const NOTHING = '–';
/** Enough of a name to tell sessions apart. */
const NAME_DIGITS = 12;

function table({ store, at, sessions }) {
  const now = Date.parse(at);
  const rows = sessions.map((it) => [
    it.session ?? `${it.name.slice(0, NAME_DIGITS)}…`,
    it.state,
    it.generation ?? NOTHING,
    it.writtenAt === null ? NOTHING : `${span(now - Date.parse(it.writtenAt))} ago`,
    expiry(it.expiresAt, now),
    it.lease ? `${it.lease.owner ?? '?'}, ${span(it.lease.ms)}` : NOTHING,
    it.intent ? (it.intent.unanswered ? 'unanswered' : 'yes') : NOTHING,
    it.candidates || NOTHING,
    it.lost?.reason ?? NOTHING,
  ]);
  const lines = [HEAD, ...rows].map((line) => line.map(plain));
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const text = lines.map((line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i]))
      .join('  ')
      .trimEnd(),
  );
  const problems = sessions.filter((it) => it.problem).map((it) => `${it.name}: ${plain(it.problem)}`);
  return [`${plain(store)}: ${count(sessions.length)}`, ...(rows.length > 0 ? ['', ...text] : [])]
    .concat(problems.length > 0 ? ['', ...problems] : [])
    .join('\n');
}

function expiry(expiresAt, now) {
  if (expiresAt === null) return NOTHING;
  const left = Date.parse(expiresAt) - now;
  return left > 0 ? `in ${span(left)}` : `${span(-left)} ago`;
}

/** In the largest unit of which there are two. */
function span(ms) {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
  ];
  const [name, size] = units.find(([, unit]) => ms >= 2 * Number(unit)) ?? ['ms', 1];
  return `${Math.max(0, Math.round(ms / Number(size)))} ${name}`;
}

function count(sessions) {
  return sessions === 1 ? '1 session' : `${sessions} sessions`;
}

/** Without what a terminal obeys: whoever can write to a store chooses some of these texts. */
function plain(cell) {
  return String(cell).replace(/\p{C}/gu, '?');
}

module.exports = { table };
