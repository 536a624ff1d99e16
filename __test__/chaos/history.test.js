'use strict';

// The history of a register must show stale writes, and the judge must see a valid token that the store never got.

const { History } = require('../../chaos/judge/history.js');
const { judge } = require('../../chaos/judge.js');
const { fingerprint } = require('../../chaos/token-endpoint.js');

const LEASE = 1000;

/** The record of a commit, whose trail names those before it. */
const record = (trail, more = {}) => ({
  login: { id: 'login', seq: 1 },
  before: [],
  gen: trail.length,
  commit: trail[0],
  trail,
  tokens: { refresh: `token of ${trail[0]}` },
  lease: null,
  candidates: [],
  lost: null,
  ...more,
});
const candidate = (id) => ({ id, tokens: { refresh: `token of ${id}` } });
const [A, B] = [record(['a']), record(['b', 'a'])];

function historyOf(...records) {
  const history = new History();
  records.forEach((it) => history.saw(JSON.stringify(it)));
  return history;
}

test.each([
  ['a claim and its commit', [A, { ...A, lease: { id: 'b' } }, B]],
  ['commits that were not seen', [A, record(['d', 'c', 'b', 'a'])]],
  ['more commits than a trail holds', [A, record(['z', 'y'], { gen: 20 })]],
  ['another login', [B, record(['l'], { login: { id: 'l', seq: 2 }, before: ['login'] })]],
  ['a lease that is taken over', [{ ...A, lease: { id: 'b' } }, { ...A, lease: { id: 'c' } }, B]],
  ['a late commit beside a newer one', [B, { ...B, candidates: [candidate('c')] }]],
  ['a candidate that is promoted', [{ ...A, candidates: [candidate('c')] }, B]],
  [
    'a late success, which ends a loss',
    [
      { ...A, lost: {} },
      { ...A, candidates: [candidate('c')] },
    ],
  ],
])('not stale: %s', (_, records) => {
  expect(historyOf(...records).stale).toEqual([]);
});

test.each([
  ['an older generation', [B, A]],
  ['another rotation of the same generation', [B, record(['c', 'a'])]],
  ['an older login', [record(['l'], { login: { id: 'l', seq: 2 }, before: ['login'] }), B]],
  ['a renewal of a lease that was taken over', [...['b', 'c', 'b'].map((id) => ({ ...A, lease: { id } }))]],
  ['a lease that was given back', [{ ...A, lease: { id: 'b' } }, A, { ...A, lease: { id: 'b' } }]],
  ['a record without the candidate', [{ ...A, candidates: [candidate('c')] }, A]],
  ['a record without the loss', [{ ...A, lost: {} }, A]],
])('stale: %s', (_, records) => {
  expect(historyOf(...records).stale).toHaveLength(1);
});

/** A master, and the replica that takes over from it: it has what it got as copies. */
describe('a store of two servers', () => {
  const C = record(['c', 'b', 'a']);

  function historyOfBoth(...afterwards) {
    const history = new History();
    const accepts = (server, it) => history.saw(JSON.stringify(it), { server });
    const copies = (server, it) => history.saw(JSON.stringify(it), { server, isCopy: true });
    [A, B].forEach((it) => [accepts, copies].forEach((takes, i) => takes(['master', 'replica'][i], it)));
    accepts('master', C);
    afterwards.forEach((it) => accepts('replica', it));
    return history;
  }

  test('a write that no replica got is lost, and the next one need not know of it', () => {
    const { stale, records, tokens } = historyOfBoth(record(['d', 'b', 'a']));
    expect({ stale, records }).toEqual({ stale: [], records: 4 });
    // The store has had its token, and that of the write after it.
    expect(['c', 'd'].map((id) => tokens.has(fingerprint(`token of ${id}`)))).toEqual([true, true]);
  });

  test.each([
    ['a rotation that does not know of the one that the replica had', record(['d', 'a'])],
    ['an older generation', A],
  ])('stale: %s', (_, next) => {
    expect(historyOfBoth(next).stale).toHaveLength(1);
  });

  test('a copy of a stale write is not told a second time', () => {
    const history = historyOf(B, A);
    history.saw(JSON.stringify(B), { server: 'replica', isCopy: true });
    history.saw(JSON.stringify(A), { server: 'replica', isCopy: true });
    expect(history.stale).toHaveLength(1);
  });
});

const spend = (issued, at, more = {}) => ({
  token: 'parent',
  issued: fingerprint(issued),
  worker: 'p1',
  at,
  delivered: true,
  committedAt: null,
  ...more,
});

function verdict({ spends, stops = [], history = historyOf(A), lost = [], now = 10_000, more = {} }) {
  const workers = [
    { id: 'p1', stops, ...more },
    { id: 'p2', stops: [] },
  ];
  const counts = { refreshes: spends.length, reuses: spends.length - 1, graced: 0 };
  const { register, wrong } = judge({
    spends,
    workers,
    history,
    now,
    ledger: { counts, lost },
    lease: LEASE,
    cutOff: () => false,
    wentBack: () => false,
    failures: {},
    late: [],
    stalls: [],
    unfounded: [],
    probes: [],
    strict: true,
    bound: Infinity,
  });
  return { ...register, wrong: wrong.filter((what) => /valid|stale|lost/.test(what)) };
}

describe('the answer of a holder that was stopped', () => {
  const stops = [{ from: 5, to: 1900 }];

  test('was rejected although nobody else had a token', () => {
    const { rejected, wrong } = verdict({ spends: [spend('lost', 0)], stops });
    expect({ rejected, wrong }).toEqual({
      rejected: 1,
      wrong: [expect.stringContaining('only valid token')],
    });
  });

  test('was rejected, and another process sent the spent token long after', () => {
    const spends = [spend('lost', 0), spend('token of other', 3000, { worker: 'p2' })];
    expect(verdict({ spends, stops, history: historyOf(record(['other'])) }).rejected).toBe(1);
  });

  test.each([
    ['it is stored', { spends: [spend('token of a', 0)] }],
    [
      'it is stored as a candidate',
      { history: historyOf({ ...B, candidates: [candidate('x')] }), spends: [spend('token of x', 0)] },
    ],
    [
      'it was sent, so that somebody has it',
      { spends: [spend('x', 0), spend('token of a', 2500, { token: fingerprint('x') })] },
    ],
    [
      'another process had sent the token before',
      { spends: [spend('x', 0), spend('token of a', 2000, { worker: 'p2' })] },
    ],
    ['the server had ended the session', { spends: [spend('x', 0)], lost: [{ at: 1600 }] }],
    ['the process was killed', { spends: [spend('x', 0)], more: { killedAt: 2000 } }],
    ['the run is over', { spends: [spend('x', 0)], now: 2400 }],
    ['the answer was lost', { spends: [spend('x', 0, { delivered: false })] }],
  ])('was not rejected: %s', (_, what) => {
    expect(verdict({ stops, ...what })).toMatchObject({ rejected: 0, wrong: [] });
  });

  test('stops during a refresh are counted', () => {
    const during = [...stops, { from: 4000, to: 5500 }, { from: 8000, to: 8500 }];
    const spends = [spend('token of a', 0, { committedAt: 1950 })];
    expect(verdict({ spends, stops: during })).toMatchObject({
      stops: 2,
      ofHolders: 1,
      records: 1,
      stale: 0,
    });
  });
});

test('a stale write is wrong', () => {
  expect(verdict({ spends: [spend('token of a', 0)], history: historyOf(B, A) })).toMatchObject({
    stale: 1,
    wrong: [expect.stringContaining('stale write')],
  });
});

test('a session that the register calls lost is one that the server has ended', () => {
  const history = historyOf(A, { ...A, lost: { reason: 'rejected' } });
  const spends = [spend('token of a', 0)];
  expect(verdict({ spends, history }).rejected).toBe(1);
  expect(verdict({ spends, history, lost: [{ at: 10 }] }).rejected).toBe(0);
});
