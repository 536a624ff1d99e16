'use strict';

// The judge of `npm run chaos` must find what is wrong: else a run that shows nothing proves nothing.

const { judge } = require('../../chaos/judge.js');

const LEASE = 1000;
const GOOD = { status: 200, delivered: true };

const spend = (token, worker, at, more = {}) => ({
  token,
  worker,
  at,
  committedAt: null,
  issued: `after ${token}`,
  ...GOOD,
  ...more,
});
const worker = (id, more = {}) => ({ id, killedAt: undefined, stops: [], ...more });

function verdict({
  spends = [],
  workers = [worker('p1'), worker('p2'), worker('p3')],
  reuses,
  lost = 0,
  ...more
}) {
  const counts = { refreshes: spends.length, reuses: reuses ?? spends.length - tokens(spends), graced: 0 };
  return judge({
    spends,
    workers,
    ledger: { counts, lost: Array(lost).fill({}) },
    lease: LEASE,
    cutOff: () => false,
    wentBack: () => false,
    failures: {},
    late: [],
    stalls: [],
    unfounded: [],
    probes: ['200'],
    strict: true,
    ttl: 300,
    bound: Infinity,
    ...more,
  });
}

const tokens = (spends) => new Set(spends.map(({ token }) => token)).size;

test('tokens that were each spent once are right', () => {
  const spends = [spend('a', 'p1', 0, { committedAt: 9 }), spend('b', 'p2', 100)];
  expect(verdict({ spends })).toMatchObject({ wrong: [], reasons: {}, unexplained: 0, spentTwice: 0 });
});

test('a token that two healthy processes spent is wrong', () => {
  const { wrong, unexplained } = verdict({ spends: [spend('a', 'p1', 0), spend('a', 'p2', 50)] });
  expect(unexplained).toBe(1);
  expect(wrong).toEqual([expect.stringContaining('without a reason')]);
});

const EXPLAINED = {
  killed: [
    [spend('a', 'p1', 0), spend('a', 'p2', 50)],
    [worker('p1', { killedAt: 10 }), worker('p2')],
  ],
  'answer lost': [[spend('a', 'p1', 0, { delivered: false }), spend('a', 'p1', 50)], [worker('p1')]],
  stopped: [
    [spend('a', 'p1', 0), spend('a', 'p2', 1400)],
    [worker('p1', { stops: [{ from: 5, to: 2000 }] }), worker('p2')],
  ],
  'stopped before it sent': [
    [spend('a', 'p1', 100, { committedAt: 120 }), spend('a', 'p2', 2010)],
    [worker('p1'), worker('p2', { stops: [{ from: 0, to: 2000 }] })],
  ],
};

test.each(Object.entries(EXPLAINED))('the reason is told: %s', (reason, [spends, workers]) => {
  expect(verdict({ spends, workers })).toMatchObject({ wrong: [], reasons: { [reason]: 1 } });
});

test('a process that was stopped commits over the lease of the one that took over, and that one sends a moment later', () => {
  const workers = [worker('p1', { stops: [{ from: 5, to: 1300 }] }), worker('p2')];
  const sent = (at) => [spend('a', 'p1', 0, { committedAt: 1350 }), spend('a', 'p2', at)];
  expect(verdict({ spends: sent(1500), workers })).toMatchObject({ wrong: [], reasons: { stopped: 1 } });
  expect(verdict({ spends: sent(2000), workers }).unexplained).toBe(1);
});

test('a stop before the token was sent is no reason', () => {
  const workers = [worker('p1', { stops: [{ from: 0, to: 2000 }] }), worker('p2')];
  const spends = [spend('a', 'p1', 3500), spend('a', 'p2', 3600)];
  expect(verdict({ spends, workers }).unexplained).toBe(1);
});

test('the store kept the process from writing', () => {
  const spends = [spend('a', 'p1', 0), spend('a', 'p2', 1400)];
  const cutOff = (process, from, to) => process.id === 'p1' && from === 0 && to === 1400;
  expect(verdict({ spends, cutOff })).toMatchObject({ wrong: [], reasons: { 'cut off from the store': 1 } });
});

test('the store has lost what was committed', () => {
  const spends = [spend('a', 'p1', 0, { committedAt: 20 }), spend('a', 'p2', 1400)];
  const wentBack = (committed, to) => committed === 20 && to === 1400;
  expect(verdict({ spends, wentBack })).toMatchObject({ wrong: [], reasons: { 'the store went back': 1 } });
  expect(verdict({ spends }).unexplained).toBe(1);
});

test.each([
  ['the kill came after it', { killedAt: 60 }, {}],
  ['the tokens had been committed', { killedAt: 130 }, { committedAt: 20 }],
  ['the stop was shorter than a lease', { stops: [{ from: 5, to: 205 }] }, {}],
])('no reason: %s', (_, fate, more) => {
  const spends = [spend('a', 'p1', 0, more), spend('a', 'p2', more.committedAt ? 200 : 50)];
  expect(verdict({ spends, workers: [worker('p1', fate), worker('p2')] }).unexplained).toBe(1);
});

test('a token that was refused twice after its session had ended was not spent', () => {
  const refused = { status: 400, issued: null };
  const spends = [spend('a', 'p1', 0, refused), spend('a', 'p2', 1, refused)];
  expect(verdict({ spends, reuses: 0 })).toMatchObject({ wrong: [], unexplained: 0 });
});

test('a kill explains its own spending only, and not that of a healthy process after it', () => {
  const spends = [spend('a', 'p1', 0), spend('a', 'p2', 50), spend('a', 'p3', 60)];
  const workers = [worker('p1', { killedAt: 10 }), worker('p2'), worker('p3')];
  expect(verdict({ spends, workers })).toMatchObject({ reasons: { killed: 1 }, unexplained: 1 });
});

test.each([
  ['a session ended at a server with a grace', { strict: false, lost: 1 }],
  ['a request failed', { failures: { ERR_TIMEOUT: 1 } }],
  ['a process is not served at the end', { probes: ['200', 'ERR_SESSION_LOST'] }],
  ['a process is gone at the end', { probes: [undefined] }],
  ['a session was lost at one process alone', { unfounded: ['rejected'] }],
  ['the server counted otherwise', { reuses: 1 }],
  ['there were too many refreshes', { spends: [spend('a', 'p1', 0), spend('b', 'p1', 1)], bound: 1 }],
])('wrong: %s', (_, what) => {
  expect(verdict(what).wrong).toHaveLength(1);
});

test('a machine that stood still for a lease has stopped the process', () => {
  const spends = [spend('a', 'p1', 0), spend('a', 'p2', 1400)];
  const stalled = (id, to) => verdict({ spends, stalls: [{ worker: id, from: 5, to }] });
  expect(stalled('p1', 1200)).toMatchObject({ wrong: [], reasons: { 'stood still': 1 } });
  expect(stalled('p1', 700).unexplained).toBe(1);
  expect(stalled('p2', 1200).unexplained).toBe(1);
});

test('tokens that the store has not taken end with their process', () => {
  const workers = [worker('p1', { killedAt: 40 }), worker('p2')];
  const sent = (more) => [spend('a', 'p1', 0, { committedAt: 20, ...more }), spend('a', 'p2', 200)];
  expect(verdict({ spends: sent({ isUnsaved: true }), workers })).toMatchObject({ reasons: { killed: 1 } });
  expect(verdict({ spends: sent({}), workers }).unexplained).toBe(1);
});

describe('requests that failed while the machine may have stood still', () => {
  const late = (outcome) => ({
    failures: { [outcome]: 1 },
    late: [{ outcome, from: 5000, to: 5600 }],
    ttl: 300,
  });
  const [STORE, UNAUTHORIZED] = [late('ERR_STORE_UNAVAILABLE'), late('401')];
  const slow = { stalls: [{ from: 4900, to: 5100 }] };

  test.each([
    ['a store was too slow, and so was a small write', STORE, slow],
    ['a session repeats that error', STORE, { stalls: [{ from: 3100, to: 3300 }] }],
    ['a killed process had not ended', STORE, { workers: [worker('p1', { killedAt: 5500, goneAt: 5700 })] }],
    ['tokens ran out on their way', UNAUTHORIZED, slow],
  ])('are excused: %s', (_, failed, machine) => {
    expect(verdict({ ...failed, ...machine })).toMatchObject({
      wrong: [],
      excused: { [failed.late[0].outcome]: 1 },
      stalledMs: 200,
    });
  });

  test.each([
    ['nothing else was slow', STORE, {}],
    ['the small write was long over', STORE, { stalls: [{ from: 2000, to: 2900 }] }],
    ['the small write was fast', STORE, { stalls: [{ from: 5200, to: 5300 }] }],
    [
      'the killed process ended at once',
      STORE,
      { workers: [worker('p1', { killedAt: 5500, goneAt: 5510 })] },
    ],
    ['the store was not slow', { ...STORE, late: [] }, slow],
    ['more failed than were late', { ...STORE, failures: { ERR_STORE_UNAVAILABLE: 2 } }, slow],
    ['no token ran out so soon', { ...UNAUTHORIZED, ttl: 301 }, slow],
    ['another error', late('ERR_NETWORK'), slow],
  ])('are wrong: %s', (_, failed, machine) => {
    expect(verdict({ ...failed, ...machine }).wrong).toEqual([
      expect.stringContaining('requests ended with'),
    ]);
  });
});
