'use strict';

const { startAuthServer } = require('../../lib/testing');
const { refresh, useApi } = require('./http');

let server;
afterEach(() => server.close());

/** Refreshes once: the tokens of a session whose login token is now spent. */
async function rotated(options) {
  server = await startAuthServer(options);
  const first = server.login();
  const second = (await refresh(server, first.refreshToken)).json();
  return { first, second };
}

async function expectRefused(response) {
  expect(response.status).toBe(400);
  expect(response.json()).toEqual({ error: 'invalid_grant' });
}

async function expectDead(tokens) {
  await expectRefused(await refresh(server, tokens.refresh_token));
  expect((await useApi(server, tokens.access_token)).status).toBe(401);
}

async function expectAlive(tokens) {
  expect((await useApi(server, tokens.access_token)).status).toBe(200);
  expect((await refresh(server, tokens.refresh_token)).status).toBe(200);
}

describe('every rotating policy', () => {
  test.each(['strict', 'leeway', 'parent-of-active', 'same-token-window'])(
    '%s: a refresh gives a new pair, and the older access token lives on',
    async (reuse) => {
      const { first, second } = await rotated({ reuse });
      expect(second.refresh_token).not.toBe(first.refreshToken);
      expect(second.access_token).not.toBe(first.accessToken);
      expect((await useApi(server, first.accessToken)).status).toBe(200);
      await expectAlive(second);
    },
  );

  test.each(['strict', 'leeway', 'parent-of-active', 'same-token-window'])(
    '%s: the token before the previous one is a breach',
    async (reuse) => {
      const { first, second } = await rotated({ reuse });
      const third = (await refresh(server, second.refresh_token)).json();
      await expectRefused(await refresh(server, first.refreshToken));
      await expectDead(third);
      expect(server.ledger.lost).toHaveLength(1);
    },
  );

  test.each(['strict', 'leeway', 'parent-of-active', 'same-token-window', 'none'])(
    '%s: an unknown token is refused and harms nobody',
    async (reuse) => {
      const { second } = await rotated({ reuse });
      await expectRefused(await refresh(server, 'rt.unknown'));
      await expectAlive(second);
      expect(server.ledger.lost).toEqual([]);
    },
  );
});

describe('strict', () => {
  test('a spent token is refused and takes the whole session with it', async () => {
    const { first, second } = await rotated({ reuse: 'strict' });
    await expectRefused(await refresh(server, first.refreshToken));
    await expectDead(second);
    expect((await useApi(server, first.accessToken)).status).toBe(401);
  });

  test('other sessions of the same subject are left alone', async () => {
    const { first } = await rotated({ reuse: 'strict' });
    const other = server.login();
    await expectRefused(await refresh(server, first.refreshToken));
    await expectAlive({ access_token: other.accessToken, refresh_token: other.refreshToken });
  });

  test('of two refreshes at once with one token, one wins and the session is lost', async () => {
    server = await startAuthServer({ reuse: 'strict', latency: [0, 4] });
    const { refreshToken } = server.login();
    const answers = await Promise.all([refresh(server, refreshToken), refresh(server, refreshToken)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
    expect(server.ledger.lost).toHaveLength(1);
  });
});

describe('leeway', () => {
  test('the previous token gives a new one, and both branches go on', async () => {
    const { first, second } = await rotated({ reuse: 'leeway' });
    const again = (await refresh(server, first.refreshToken)).json();
    expect(again.refresh_token).not.toBe(second.refresh_token);
    expect(server.ledger.counts).toMatchObject({ refreshes: 2, reuses: 1, graced: 1 });
    await expectAlive(again);
    await expectAlive(second);
  });

  test('outside the window it is a breach', async () => {
    const { first, second } = await rotated({ reuse: 'leeway', leeway: 1_000 });
    server.advance(1_001);
    await expectRefused(await refresh(server, first.refreshToken));
    await expectDead(second);
  });
});

describe('parent-of-active', () => {
  test('the parent gives the active pair, however late', async () => {
    const { first, second } = await rotated({ reuse: 'parent-of-active', leeway: 1, accessTokenTtl: 90_000 });
    server.advance(60_000);
    const again = (await refresh(server, first.refreshToken)).json();
    expect(again.refresh_token).toBe(second.refresh_token);
    expect(again.access_token).toBe(second.access_token);
    expect(again.expires_in).toBeLessThanOrEqual(30);
    expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 1, graced: 1 });
  });

  test('an active access token that ran out is replaced in that answer', async () => {
    const { first, second } = await rotated({ reuse: 'parent-of-active' });
    server.expire();
    const again = (await refresh(server, first.refreshToken)).json();
    expect(again.refresh_token).toBe(second.refresh_token);
    expect(again.access_token).not.toBe(second.access_token);
    await expectAlive(again);
  });
});

describe('same-token-window', () => {
  test('within the window the previous token gives the same answer again', async () => {
    const { first, second } = await rotated({ reuse: 'same-token-window' });
    const again = (await refresh(server, first.refreshToken)).json();
    expect(again.refresh_token).toBe(second.refresh_token);
    expect(again.access_token).toBe(second.access_token);
  });

  test('outside it is a breach', async () => {
    const { first, second } = await rotated({ reuse: 'same-token-window', leeway: 1_000 });
    server.advance(1_001);
    await expectRefused(await refresh(server, first.refreshToken));
    await expectDead(second);
  });
});

describe('none', () => {
  test('the refresh token stays good and comes back', async () => {
    const { first, second } = await rotated({ reuse: 'none' });
    expect(second.refresh_token).toBe(first.refreshToken);
    expect(second.access_token).not.toBe(first.accessToken);
    expect((await refresh(server, first.refreshToken)).status).toBe(200);
    expect(server.ledger.counts).toMatchObject({ refreshes: 2, reuses: 0 });
    expect(server.ledger.refreshTokens).toMatchObject([{ spentAt: null }]);
  });

  test('omitRefreshToken leaves it out of the answer', async () => {
    const { second } = await rotated({ reuse: 'none', omitRefreshToken: true });
    expect(second).not.toHaveProperty('refresh_token');
    expect(second).toHaveProperty('access_token');
  });
});
