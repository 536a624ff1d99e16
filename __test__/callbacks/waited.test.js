'use strict';

const { useHarness } = require('../support/harness.js');
const { THROWING, callsSettled, rejection, situation, withResolvers } = require('./misbehaviours.js');
const { column } = require('./table.js');

const { serve, client, secret, track } = useHarness();

/** Deadlines are short only where one must pass, and a blocked event loop lasts far beyond it. */
const deadline = (misbehaviour) =>
  /^(never|calls the client later and waits|blocks)/.test(misbehaviour) ? 50 : 10_000;
const BLOCKS = 400;

/** A login whose access token has expired, and the tokens that its one refresh brings. */
async function rotated() {
  const server = await serve();
  const { accessToken, refreshToken } = server.login('ada');
  const old = { accessToken, refreshToken };
  server.expire();
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
  const answer = await (await fetch(server.tokenEndpoint, { method: 'POST', body })).json();
  const next = { accessToken: secret(answer.access_token), refreshToken: secret(answer.refresh_token) };
  return { server, old, next };
}

/** The first call misbehaves, later ones are good. */
function misbehaving(misbehaviour, good, call) {
  const { act, ...rest } = situation(misbehaviour, { good, call, blocks: BLOCKS });
  const callback = jest.fn(good).mockImplementationOnce(act);
  return { callback, ...rest };
}

/** `Object.is`, for a failing `toBe` would print what cannot be read. */
function expectCause(error, misbehaviour, thrown) {
  if (THROWING.has(misbehaviour)) expect(Object.is(error.cause, thrown)).toBe(true);
}

const run = (outcomes) => async (misbehaviour, outcome) => {
  await outcomes[outcome](misbehaviour);
  await callsSettled();
};

describe('refresh', () => {
  async function start(misbehaviour) {
    const { server, old, next } = await rotated();
    const call = () => track(api.get('/api/inner'));
    const { callback: refresh, thrown, end } = misbehaving(misbehaviour, () => next, call);
    const { promise: refreshed, resolve: onRefreshed } = withResolvers();
    const logout = jest.fn();
    const refreshTimeout = deadline(misbehaviour);
    const api = client(server, { tokens: old, refresh, refreshTimeout, onRefreshed, logout });
    const get = () => track(api.get('/api/orders'));
    return { api, get, old, next, refresh, thrown, end, refreshed, logout };
  }

  const OUTCOMES = {
    async done(misbehaviour) {
      const { api, get, next } = await start(misbehaviour);
      expect((await get()).status).toBe(200);
      expect(await api.getTokens()).toEqual(next);
    },

    failed: (misbehaviour) => fails(misbehaviour, 'ERR_REFRESH_FAILED'),
    malformed: (misbehaviour) => fails(misbehaviour, 'ERR_REFRESH_MALFORMED'),

    async late(misbehaviour) {
      const { api, get, next, refresh, end, refreshed } = await start(misbehaviour);
      expect(await rejection(get())).toMatchObject({ code: 'ERR_REFRESH_TIMEOUT', retryable: true });
      end();
      await refreshed;
      expect((await get()).status).toBe(200);
      expect(await api.getTokens()).toEqual(next);
      expect(refresh).toHaveBeenCalledTimes(1);
    },
  };

  async function fails(misbehaviour, code) {
    const { api, get, old, refresh, thrown, logout } = await start(misbehaviour);
    const error = await rejection(get());
    expect(error).toMatchObject({ name: 'RefreshError', code, retryable: true, sessionLost: false });
    expectCause(error, misbehaviour, thrown);
    expect((await rejection(get())).code).toBe(code);
    expect(refresh).toHaveBeenCalledTimes(1);
    expect(await api.getTokens()).toEqual(old);
    expect(logout).not.toHaveBeenCalled();
  }

  test.each(column('`refresh`'))('that %s: %s', run(OUTCOMES));
});

describe('getTokens', () => {
  async function start(misbehaviour) {
    const { server, next } = await rotated();
    const call = () => track(api.get('/api/inner'));
    const { callback: getTokens, thrown, end } = misbehaving(misbehaviour, () => next, call);
    const refresh = jest.fn(() => next);
    const setTokens = jest.fn();
    const refreshTimeout = deadline(misbehaviour);
    const api = client(server, { getTokens, setTokens, refresh, refreshTimeout });
    const get = () => track(api.get('/api/orders'));
    return { get, next, getTokens, setTokens, refresh, thrown, end };
  }

  const OUTCOMES = {
    async done(misbehaviour) {
      const { get, refresh, getTokens } = await start(misbehaviour);
      expect((await get()).status).toBe(200);
      expect(refresh).not.toHaveBeenCalled();
      expect(getTokens).toHaveBeenCalledTimes(1);
    },

    unavailable: (misbehaviour) => fails(misbehaviour, 'ERR_STORE_UNAVAILABLE', true),
    corrupt: (misbehaviour) => fails(misbehaviour, 'ERR_STORE_CORRUPT', false),

    async empty(misbehaviour) {
      const { get, refresh, setTokens, getTokens, next } = await start(misbehaviour);
      getTokens.mockImplementation(() => null);
      expect((await get()).status).toBe(200);
      expect(refresh).toHaveBeenCalledTimes(1);
      expect(refresh.mock.calls[0][0]).toBeNull();
      expect(setTokens).toHaveBeenCalledWith(next, 'default');
    },
  };

  async function fails(misbehaviour, code, retryable) {
    const { get, refresh, setTokens, thrown, end } = await start(misbehaviour);
    const error = await rejection(get());
    expect(error).toMatchObject({ name: 'StoreError', code, retryable, sessionLost: false });
    expectCause(error, misbehaviour, thrown);
    end();
    expect((await get()).status).toBe(200);
    expect(refresh).not.toHaveBeenCalled();
    expect(setTokens).not.toHaveBeenCalled();
  }

  test.each(column('`getTokens`'))('that %s: %s', run(OUTCOMES));
});

describe('setTokens', () => {
  async function start(misbehaviour) {
    const { server, old, next } = await rotated();
    const call = () => track(api.get('/api/inner'));
    const { promise: saved, resolve: save } = withResolvers();
    const { callback, thrown, end } = misbehaving(misbehaviour, () => undefined, call);
    const setTokens = jest.fn((tokens, session) => {
      if (setTokens.mock.calls.length === 2) save();
      return callback(tokens, session);
    });
    const onPersistFailed = jest.fn();
    const stored = { getTokens: () => old, setTokens };
    const refreshTimeout = deadline(misbehaviour);
    const api = client(server, { ...stored, refresh: () => next, refreshTimeout, onPersistFailed });
    const get = () => track(api.get('/api/orders'));
    return { api, get, next, setTokens, saved, onPersistFailed, thrown, end };
  }

  const OUTCOMES = {
    async done(misbehaviour) {
      const { api, get, next, setTokens, onPersistFailed } = await start(misbehaviour);
      expect((await get()).status).toBe(200);
      await api.close();
      expect(setTokens.mock.calls).toEqual([[next, 'default']]);
      expect(onPersistFailed).not.toHaveBeenCalled();
    },

    async kept(misbehaviour) {
      const { api, get, next, setTokens, saved, onPersistFailed, thrown, end } = await start(misbehaviour);
      expect((await get()).status).toBe(200);
      await saved;
      end();
      await api.close();
      expect(setTokens.mock.calls).toEqual([
        [next, 'default'],
        [next, 'default'],
      ]);
      expect(onPersistFailed).toHaveBeenCalledTimes(1);
      const [error] = onPersistFailed.mock.calls[0];
      expect(error).toMatchObject({ name: 'StoreError', code: 'ERR_STORE_UNAVAILABLE' });
      expectCause(error, misbehaviour, thrown);
    },
  };

  test.each(column('`setTokens`'))('that %s: %s', run(OUTCOMES));
});
