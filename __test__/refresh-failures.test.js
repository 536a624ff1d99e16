'use strict';

const { awaited, refreshBy } = require('./callbacks/wire.js');
const { rejection } = require('./callbacks/misbehaviours.js');
const { useHarness } = require('./support/harness.js');

const { serve, client, secret, store, track } = useHarness();

/** A session whose access token has expired, in a store. */
async function expired(options = {}, serverOptions = {}) {
  const server = await serve({ reuse: 'strict', ...serverOptions });
  const tokens = server.login('ada');
  const shelf = store('0-2 ms', tokens);
  server.expire();
  const refresh = jest.fn(refreshBy(server, secret));
  const logout = jest.fn();
  const api = client(server, { ...shelf.callbacks, refresh, logout, maxRetries: 0, ...options });
  const get = () => track(api.get('/api/orders'));
  const asked = () => server.ledger.counts.tokenRequests;
  const expectNothingLost = async () => {
    expect(logout).not.toHaveBeenCalled();
    expect(shelf.writes).toEqual([]);
    expect(shelf.held()).toEqual(tokens);
    expect(await track(api.getTokens())).toEqual(tokens);
  };
  return { server, shelf, refresh, logout, api, get, asked, expectNothingLost };
}

const before = (kind, fault) => ({ at: 'before-rotate', kind, times: Infinity, body: {}, ...fault });

describe('a token endpoint that is down', () => {
  test('is tried maxRetries times more, and all who wait get one RefreshError', async () => {
    const { server, refresh, get, asked, expectNothingLost } = await expired({ maxRetries: 2 });
    server.fault(before('status'));
    const errors = await Promise.all(Array.from({ length: 20 }, () => rejection(get())));
    for (const error of errors) {
      expect(error).toMatchObject({ name: 'RefreshError', code: 'ERR_REFRESH_FAILED', retryable: true });
      expect(error.retryAfter).toBeGreaterThan(0);
      expect(error.cause).toBe(errors[0].cause);
    }
    expect(errors[0].cause.response.status).toBe(503);
    expect(asked()).toBe(3);
    expect(refresh.mock.calls.map(([, { attempt }]) => attempt)).toEqual([1, 2, 3]);
    await expectNothingLost();
  });

  test('is left alone while the session cools down: requests reject at once', async () => {
    const { server, api, get, asked, expectNothingLost } = await expired();
    server.fault(before('status', { headers: { 'retry-after': '60' } }));
    await rejection(get());
    for (const call of [get(), track(api.rotate())]) {
      const error = await rejection(call);
      expect(error).toMatchObject({ code: 'ERR_REFRESH_FAILED', retryable: true });
      expect(error.retryAfter).toBeGreaterThan(0);
    }
    expect(asked()).toBe(1);
    await expectNothingLost();
  });

  test('and is back within the tries: nobody notices', async () => {
    const { server, shelf, api, get, asked } = await expired({ maxRetries: 3 });
    server.fault(before('status', { times: 2 }));
    expect((await get()).status).toBe(200);
    expect(asked()).toBe(3);
    expect(server.ledger.counts.refreshes).toBe(1);
    expect(shelf.held()).toEqual(await track(api.getTokens()));
  });

  test.each([429, 503])(
    '%i with Retry-After: no try comes sooner, and the caller is told',
    async (status) => {
      const { server, get, asked, expectNothingLost } = await expired({ maxRetries: 3 });
      server.fault(before('status', { status, headers: { 'retry-after': '120' } }));
      const { retryAfter } = await rejection(get());
      expect(retryAfter).toBeGreaterThan(60_000);
      expect(retryAfter).toBeLessThanOrEqual(120_000);
      expect(asked()).toBe(1);
      await expectNothingLost();
    },
  );

  test('and asks for pauses that do not fit into refreshTimeout: the tries end with it', async () => {
    const refresh = jest.fn(() => {
      throw { status: 503, headers: { 'retry-after': '0.35' } };
    });
    const { get } = await expired({ refresh, refreshTimeout: 400, maxRetries: 100 });
    expect((await rejection(get())).code).toBe('ERR_REFRESH_FAILED');
    expect(refresh.mock.calls.length).toBeLessThanOrEqual(2);
  });
});

describe('an answer that is none', () => {
  test.each([
    ['html', before('html')],
    ['malformed', before('malformed', { body: undefined })],
    ['reset', before('reset')],
    ['an empty object', before('malformed', { body: '{}' })],
    ['a number for a token', before('malformed', { body: '{"access_token":7,"refresh_token":7}' })],
    ['a token with a line break', before('malformed', { body: '{"access_token":"a\\r\\nb"}' })],
    ['null', before('malformed', { body: 'null' })],
  ])('%s: a RefreshError, and the good tokens stay', async (_, fault) => {
    const parse =
      (server) =>
      async (refreshToken, { signal }) => {
        const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
        return (await fetch(server.tokenEndpoint, { method: 'POST', body, signal })).json();
      };
    const { server, refresh, get, asked, expectNothingLost } = await expired();
    refresh.mockImplementation(parse(server));
    if (fault.body === undefined) delete fault.body;
    server.fault(fault);
    const error = await rejection(get());
    expect(error).toMatchObject({ name: 'RefreshError', retryable: true, sessionLost: false });
    expect((await rejection(get())).code).toBe(error.code);
    expect(asked()).toBe(1);
    await expectNothingLost();
  });
});

describe('an answer that is late', () => {
  test.each(['before-rotate', 'after-rotate', 'mid-body'])(
    'hanging %s: those who wait time out, and what comes in the end is stored and used',
    async (at) => {
      const { hook: onRefreshed, next } = awaited();
      const { server, shelf, api, get, asked } = await expired({ refreshTimeout: 100, onRefreshed });
      const refreshed = next();
      server.fault({ at, kind: 'hang' });
      const first = get();
      await server.waitFor((ledger) => ledger.hanging === 1);
      const waiting = [first, get(), get()];
      for (const request of waiting)
        expect(await rejection(request)).toMatchObject({ name: 'RefreshTimeoutError', retryable: true });
      expect((await rejection(get())).code).toBe('ERR_REFRESH_TIMEOUT');
      expect(asked()).toBe(1);
      server.release();
      await refreshed;
      expect((await get()).status).toBe(200);
      expect(asked()).toBe(1);
      expect(shelf.held()).toEqual(await track(api.getTokens()));
    },
  );

  test('a late refusal ends the session, told once', async () => {
    const { hook: logout, next } = awaited();
    const onRefreshFailed = jest.fn();
    const { server, get, asked } = await expired({ refreshTimeout: 100, onRefreshFailed, logout });
    const lost = next();
    server.fault({ at: 'before-rotate', kind: 'hang' });
    expect((await rejection(get())).code).toBe('ERR_REFRESH_TIMEOUT');
    server.revoke();
    server.release();
    await lost;
    expect((await rejection(get())).code).toBe('ERR_SESSION_LOST');
    expect(onRefreshFailed).toHaveBeenCalledTimes(1);
    expect(logout).toHaveBeenCalledTimes(1);
    expect(asked()).toBe(1);
  });
});

describe('a token that is still valid', () => {
  test('is used while rotations ahead of its expiry fail', async () => {
    const { hook: onRefreshFailed, next } = awaited();
    const server = await serve({ accessTokenTtl: 3_600_000 });
    const tokens = server.login('ada');
    server.fault(before('status'));
    const refresh = refreshBy(server, secret);
    const ahead = { refreshAhead: 7_200_000, maxRetries: 0 };
    const api = client(server, { tokens, refresh, onRefreshFailed, ...ahead });
    const failed = next();
    const get = async () => (await track(api.get('/api/orders'))).status;
    expect(await get()).toBe(200);
    await failed;
    expect(await Promise.all([get(), get(), get()])).toEqual([200, 200, 200]);
    expect(await track(api.getAccessToken())).toBe(tokens.accessToken);
    expect(server.ledger.counts.tokenRequests).toBe(1);
  });
});
