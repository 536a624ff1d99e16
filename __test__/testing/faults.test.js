'use strict';

const { startAuthServer } = require('../../lib/testing');
const { refresh, useApi } = require('./http');

let server;
let tokens;
beforeEach(async () => {
  server = await startAuthServer();
  tokens = server.login();
});
afterEach(() => server.close());

/** What a client can make of an answer: cut, a status, HTML, broken JSON, or ok. */
async function outcomeOf(answer) {
  const response = await answer.catch(() => null);
  if (!response) return 'cut';
  if (response.status !== 200) return `status ${response.status}`;
  if (response.headers['content-type'].startsWith('text/html')) return 'html';
  try {
    response.json();
    return 'ok';
  } catch {
    return 'malformed';
  }
}

const KINDS = ['status', 'reset', 'hang', 'html', 'delay', 'malformed'];
const OUTCOMES = {
  'before-rotate': ['status 503', 'cut', 'ok', 'html', 'ok', 'malformed'],
  'after-rotate': ['status 503', 'cut', 'ok', 'html', 'ok', 'malformed'],
  'mid-body': ['status 503', 'cut', 'ok', 'malformed', 'ok', 'malformed'],
  api: ['status 503', 'cut', 'ok', 'html', 'ok', 'malformed'],
  'after-api': ['status 503', 'cut', 'ok', 'html', 'ok', 'malformed'],
};
const CASES = Object.entries(OUTCOMES).flatMap(([at, outcomes]) =>
  KINDS.map((kind, index) => ({ at, kind, outcome: outcomes[index] })),
);

/** Sends one request through the fault, letting it go if it hangs. */
async function meet({ at, kind }) {
  const fault = server.fault({ at, kind, delay: 1 });
  const answer = at.endsWith('api')
    ? useApi(server, tokens.accessToken)
    : refresh(server, tokens.refreshToken);
  const outcome = outcomeOf(answer);
  if (kind === 'hang') {
    await server.waitFor((ledger) => ledger.hanging === 1);
    expect(server.release()).toBe(1);
  }
  return { fault, outcome: await outcome };
}

describe('each phase and kind', () => {
  test.each(CASES)('$at, $kind: $outcome, once', async ({ at, kind, outcome }) => {
    const met = await meet({ at, kind });
    expect(met.outcome).toBe(outcome);
    expect(met.fault.hits).toBe(1);
    expect(server.ledger.counts.faults).toBe(1);

    const rotated =
      at === 'after-rotate' || at === 'mid-body' || (at === 'before-rotate' && outcome === 'ok');
    expect(server.ledger.counts.refreshes).toBe(rotated ? 1 : 0);
    if (at.endsWith('api'))
      expect(server.ledger.requests).toMatchObject([{ applied: at === 'after-api' || outcome === 'ok' }]);

    const next = await useApi(server, server.login().accessToken);
    expect(next.status).toBe(200);
  });
});

test('status, headers and body are the caller’s to choose', async () => {
  server.fault({
    at: 'before-rotate',
    kind: 'status',
    status: 429,
    headers: { 'retry-after': '7' },
    body: { error: 'slow_down' },
  });
  const response = await refresh(server, tokens.refreshToken);
  expect([response.status, response.headers['retry-after'], response.json()]).toEqual([
    429,
    '7',
    { error: 'slow_down' },
  ]);
  server.fault({ at: 'before-rotate', kind: 'malformed', body: 'null' });
  expect((await refresh(server, tokens.refreshToken)).text).toBe('null');
  server.fault({ at: 'api', kind: 'html', status: 502, body: '<h1>Bad gateway</h1>' });
  const page = await useApi(server, tokens.accessToken);
  expect([page.status, page.text]).toEqual([502, '<h1>Bad gateway</h1>']);
});

test('a 401 fault carries a challenge and counts as rejected', async () => {
  server.fault({ at: 'api', kind: 'status', status: 401 });
  const response = await useApi(server, tokens.accessToken);
  expect(response.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
  expect(server.ledger.counts).toMatchObject({ rejected: 1, expiries: 0 });
});

test('times says how many meet it; faults of a phase take turns', async () => {
  const twice = server.fault({ at: 'api', kind: 'status', status: 500, times: 2 });
  server.fault({ at: 'api', kind: 'status', status: 502 });
  const statuses = [];
  for (let i = 0; i < 4; i++) statuses.push((await useApi(server, tokens.accessToken)).status);
  expect(statuses).toEqual([500, 500, 502, 200]);
  expect(twice.hits).toBe(2);
});

test('cancel takes a fault back', async () => {
  const fault = server.fault({ at: 'api', kind: 'status', times: Infinity });
  expect((await useApi(server, tokens.accessToken)).status).toBe(503);
  fault.cancel();
  const other = server.fault({ at: 'api', kind: 'status', status: 500 });
  fault.cancel();
  expect((await useApi(server, tokens.accessToken)).status).toBe(500);
  other.cancel();
  expect((await useApi(server, tokens.accessToken)).status).toBe(200);
  expect(fault.hits).toBe(1);
});

test('a request held before the API is judged by the token as it is when let go', async () => {
  server.fault({ at: 'api', kind: 'hang' });
  const answer = useApi(server, tokens.accessToken);
  await server.waitFor((ledger) => ledger.hanging === 1);
  server.expire();
  server.release();
  expect((await answer).status).toBe(401);
});

test('release lets all go that hang', async () => {
  server.fault({ at: 'api', kind: 'hang', times: 5 });
  const answers = Array.from({ length: 5 }, () => useApi(server, tokens.accessToken));
  await server.waitFor((ledger) => ledger.hanging === 5);
  expect(server.release()).toBe(5);
  expect((await Promise.all(answers)).every(({ status }) => status === 200)).toBe(true);
  expect(server.ledger.hanging).toBe(0);
});

test.each([
  [{ at: 'rotate', kind: 'reset' }, 'at'],
  [{ at: 'api', kind: 'boom' }, 'kind'],
  [{ at: 'api', kind: 'delay' }, 'delay'],
  [{ at: 'api', kind: 'status', status: 99 }, 'status'],
  [{ at: 'api', kind: 'reset', times: 0 }, 'times'],
  [{ at: 'api', kind: 'reset', time: 2 }, 'time'],
  [null, 'fault'],
])('%j is refused by name', (spec, name) => {
  expect(() => server.fault(spec)).toThrow(name);
});
