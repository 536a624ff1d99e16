'use strict';

const { once } = require('node:events');
const { startAuthServer } = require('../../lib/testing');
const { refresh, useApi } = require('./http');

let server;
beforeEach(async () => {
  server = await startAuthServer();
});
afterEach(() => server.close());

/** Refreshes, whatever comes of the answer. */
const tryRefresh = (token, options) => refresh(server, token, options).catch(() => null);

describe('a lost session', () => {
  test('is unexplained when the rotation’s answer had been delivered', async () => {
    const { refreshToken } = server.login('ada');
    await refresh(server, refreshToken);
    await refresh(server, refreshToken);
    await refresh(server, refreshToken);
    expect(server.ledger.lost).toEqual([
      { session: 'session-1', subject: 'ada', at: expect.any(Number), explained: false },
    ]);
  });

  test.each([
    ['after-rotate', 'status'],
    ['after-rotate', 'reset'],
    ['after-rotate', 'html'],
    ['after-rotate', 'malformed'],
    ['mid-body', 'status'],
    ['mid-body', 'reset'],
    ['mid-body', 'html'],
    ['mid-body', 'malformed'],
  ])('is explained by %s, %s', async (at, kind) => {
    const { refreshToken } = server.login();
    server.fault({ at, kind });
    await tryRefresh(refreshToken);
    await refresh(server, refreshToken);
    expect(server.ledger.lost).toMatchObject([{ explained: true }]);
    expect(server.ledger.counts.undelivered).toBe(1);
  });

  test.each(['before-rotate', 'after-rotate', 'mid-body'])(
    'is explained by a client that left while %s held its answer',
    async (at) => {
      const { refreshToken } = server.login();
      server.fault({ at, kind: 'hang' });
      const leave = new AbortController();
      const left = tryRefresh(refreshToken, { signal: leave.signal });
      await server.waitFor((ledger) => ledger.hanging === 1);
      const gone = at === 'before-rotate' ? null : once(server, 'answered');
      leave.abort();
      await left;
      if (gone) expect(await gone).toMatchObject([{ delivered: false }]);
      else {
        // Only the socket tells that the client left; a request behind it on the same loop proves it was heard.
        await useApi(server, 'x');
        server.release();
        await server.waitFor(({ counts }) => counts.undelivered === 1);
      }
      await refresh(server, refreshToken);
      expect(server.ledger.lost).toMatchObject([{ explained: true }]);
    },
  );

  test('is unexplained when a token older than the undelivered one came back', async () => {
    const { refreshToken } = server.login();
    const second = (await refresh(server, refreshToken)).json();
    server.fault({ at: 'after-rotate', kind: 'reset' });
    await tryRefresh(second.refresh_token);
    await refresh(server, refreshToken);
    expect(server.ledger.lost).toMatchObject([{ explained: false }]);
  });

  test('is unexplained when the same token came twice at once', async () => {
    const { refreshToken } = server.login();
    server.fault({ at: 'after-rotate', kind: 'hang' });
    const first = refresh(server, refreshToken);
    await server.waitFor((ledger) => ledger.hanging === 1);
    expect((await refresh(server, refreshToken)).status).toBe(400);
    server.release();
    await first;
    expect(server.ledger.lost).toMatchObject([{ explained: false }]);
  });
});
