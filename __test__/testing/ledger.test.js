'use strict';

const { inspect } = require('node:util');
const { startAuthServer } = require('../../lib/testing');
const { postForm, refresh, useApi } = require('./http');

let server;
beforeEach(async () => {
  server = await startAuthServer();
});
afterEach(() => server.close());

test('tells of every refresh token when it was issued, spent and reused', async () => {
  const { refreshToken } = server.login('ada');
  await refresh(server, refreshToken);
  await refresh(server, refreshToken);
  await refresh(server, refreshToken);
  const [first, second] = server.ledger.refreshTokens;
  expect(first).toEqual({
    id: expect.any(String),
    session: expect.any(String),
    subject: 'ada',
    generation: 0,
    issuedAt: expect.any(Number),
    spentAt: expect.any(Number),
    delivered: true,
    reused: 2,
  });
  expect(second).toMatchObject({
    generation: 1,
    spentAt: null,
    delivered: null,
    reused: 0,
    session: first.session,
  });
  expect(second.id).not.toBe(first.id);
  expect(first.spentAt).toBeGreaterThanOrEqual(first.issuedAt);
});

test('counts', async () => {
  const { refreshToken, accessToken } = server.login();
  await useApi(server, accessToken);
  server.expire();
  await useApi(server, accessToken);
  await useApi(server, accessToken);
  const second = (await refresh(server, refreshToken)).json();
  await refresh(server, second.refresh_token);
  await refresh(server, refreshToken);
  expect(server.ledger.counts).toEqual({
    logins: 1,
    tokenRequests: 3,
    refreshes: 2,
    early: 1,
    reuses: 1,
    graced: 0,
    refused: 1,
    revocations: 0,
    apiRequests: 3,
    rejected: 2,
    expiries: 1,
    undelivered: 0,
    faults: 0,
  });
});

describe('expiries', () => {
  test('a generation that ran out counts once, by whom it was met first', async () => {
    const { refreshToken, accessToken } = server.login();
    server.advance(3_600_000);
    expect(server.ledger.counts.expiries).toBe(0);
    await refresh(server, refreshToken);
    await useApi(server, accessToken);
    expect(server.ledger.counts).toMatchObject({ expiries: 1, refreshes: 1, early: 0 });
  });

  test('a refresh ahead of time is early, and no expiry', async () => {
    const { refreshToken, accessToken } = server.login();
    await refresh(server, refreshToken);
    server.advance(3_600_000);
    await useApi(server, accessToken);
    expect(server.ledger.counts).toMatchObject({ expiries: 0, refreshes: 1, early: 1 });
  });
});

describe('requests', () => {
  test('name the subject and generation of the token each carried', async () => {
    const first = server.login('ada');
    const { access_token: next } = (await refresh(server, first.refreshToken)).json();
    await useApi(server, first.accessToken);
    await useApi(server, next, { method: 'POST' });
    server.expire();
    await useApi(server, next);
    await useApi(server, 'x');
    expect(server.ledger.requests).toMatchObject([
      { method: 'GET', path: '/api/things', status: 200, applied: true, subject: 'ada', generation: 0 },
      { method: 'POST', status: 200, subject: 'ada', generation: 1 },
      { status: 401, applied: false, subject: 'ada', generation: 1 },
      { status: 401, applied: false, subject: null, generation: null },
    ]);
  });

  test('with an x-request-id are counted when carried out', async () => {
    const { accessToken } = server.login();
    const named = (id) => ({ headers: { 'x-request-id': id } });
    await useApi(server, accessToken, named('a'));
    server.fault({ at: 'after-api', kind: 'reset' });
    await useApi(server, accessToken, named('a')).catch(() => null);
    await useApi(server, 'x', named('b'));
    await useApi(server, accessToken);
    expect(server.ledger.applied).toEqual({ a: 2 });
  });
});

test('keeps the latest maxRequests and maxTokens, and forgets spent tokens beyond', async () => {
  const small = await startAuthServer({ maxRequests: 3, maxTokens: 4 });
  const { refreshToken, accessToken } = small.login();
  let current = refreshToken;
  for (let i = 0; i < 8; i++) {
    await useApi(small, accessToken, { headers: { 'x-request-id': `r${i}` } });
    current = (await refresh(small, current)).json().refresh_token;
  }
  const { requests, refreshTokens, applied, counts } = small.ledger;
  expect(requests.map((request) => request.requestId)).toEqual(['r5', 'r6', 'r7']);
  expect(Object.keys(applied)).toEqual(['r5', 'r6', 'r7']);
  expect(refreshTokens.map((token) => token.generation)).toEqual([5, 6, 7, 8]);
  expect(counts).toMatchObject({ apiRequests: 8, refreshes: 8 });
  expect((await refresh(small, refreshToken)).status).toBe(400);
  expect(small.ledger.lost).toEqual([]);
  expect((await refresh(small, current)).status).toBe(200);
  await small.close();
});

test('a live token is never forgotten', async () => {
  const small = await startAuthServer({ maxTokens: 2 });
  const logins = Array.from({ length: 20 }, () => small.login());
  for (const { accessToken, refreshToken } of logins) {
    expect((await useApi(small, accessToken)).status).toBe(200);
    expect((await refresh(small, refreshToken)).status).toBe(200);
  }
  await small.close();
});

describe('waitFor', () => {
  test('resolves with what the predicate found, at once or later', async () => {
    const later = server.waitFor(({ counts }) => counts.refreshes >= 1 && 'seen');
    await refresh(server, server.login().refreshToken);
    expect(await later).toBe('seen');
    expect(await server.waitFor(({ counts }) => counts.refreshes)).toBe(1);
  });

  test('rejects when time is up, and with what the predicate throws', async () => {
    await expect(server.waitFor(() => false, { timeout: 1 })).rejects.toThrow('not within 1 ms');
    const waiting = server.waitFor(() => JSON.parse('{'));
    await expect(waiting).rejects.toThrow(SyntaxError);
  });
});

test('events tell what happens, in order', async () => {
  const told = [];
  for (const event of ['login', 'refresh', 'answered', 'reuse', 'lost', 'revoke', 'request', 'fault']) {
    server.on(event, (details) => told.push([event, details.subject ?? details.at ?? details.delivered]));
  }
  const { refreshToken, accessToken } = server.login('ada');
  await useApi(server, accessToken);
  await refresh(server, refreshToken);
  server.fault({ at: 'before-rotate', kind: 'status' });
  await refresh(server, refreshToken);
  await refresh(server, refreshToken);
  server.login('bob');
  server.revoke('bob');
  expect(told).toEqual([
    ['login', 'ada'],
    ['request', 'ada'],
    ['refresh', 'ada'],
    ['answered', true],
    ['fault', 'before-rotate'],
    ['reuse', 'ada'],
    ['lost', 'ada'],
    ['login', 'bob'],
    ['revoke', 'bob'],
  ]);
});

test('no raw token is in the ledger, in events or in what inspect shows', async () => {
  const told = [];
  const emit = server.emit.bind(server);
  server.emit = (...event) => told.push(event) && emit(...event);
  const first = server.login();
  const second = (await refresh(server, first.refreshToken)).json();
  await useApi(server, second.access_token);
  await useApi(server, second.access_token, { path: `/api/x?token=${second.access_token}` });
  await refresh(server, first.refreshToken);
  await postForm(server.revocationEndpoint, { token: second.refresh_token });
  const shown = [server, server.ledger, told].flatMap((it) => [
    inspect(it, { depth: Infinity, showHidden: true, maxArrayLength: null }),
    JSON.stringify(it),
  ]);
  expect(told.length).toBeGreaterThan(4);
  expect(shown.join('\n')).toContain('rt-2');
  for (const raw of [first.accessToken, first.refreshToken, second.access_token, second.refresh_token]) {
    for (const text of shown) expect(text.includes(raw.slice(3, 15))).toBe(false);
  }
});
