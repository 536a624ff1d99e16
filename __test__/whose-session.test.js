'use strict';

// Hooks, log lines and errors say whose session they are about, so that a program with many users knows whom to log out.

const { inspect } = require('node:util');
const { awaited } = require('./callbacks/wire.js');
const { rejection } = require('./callbacks/misbehaviours.js');
const { useHarness } = require('./support/harness.js');

const { serve, client, track } = useHarness();

const USERS = ['ada', 'bob'];
const unavailable = { at: 'before-rotate', kind: 'status', status: 503, body: {} };

/** A client with a login for each user, whose stores fail if `failing`. */
async function start(options = {}) {
  const server = await serve();
  const stored = new Map(USERS.map((user) => [user, server.login(user)]));
  const callbacks = {
    getTokens: (session) => stored.get(session),
    setTokens: (tokens, session) => void stored.set(session, tokens),
  };
  const api = client(server, { ...callbacks, maxRetries: 0, ...options });
  const get = (user) => track(api.session(user).get('/api/orders'));
  return { server, api, get };
}

const sessionsOf = (hook) => hook.mock.calls.map((args) => args.at(-1));
const named = USERS.map((session) => ({ session }));

test('hooks of a rotation', async () => {
  const [onBeforeRefresh, onRefreshed] = [jest.fn(), jest.fn()];
  const logger = { debug: jest.fn(), error: jest.fn() };
  const { server, get } = await start({ onBeforeRefresh, onRefreshed, logger });
  server.expire();
  for (const user of USERS) await get(user);
  expect(sessionsOf(onBeforeRefresh)).toEqual(named);
  expect(onBeforeRefresh.mock.calls[0]).toHaveLength(1);
  expect(sessionsOf(onRefreshed)).toEqual(named);
  expect(onRefreshed.mock.calls[0]).toHaveLength(2);
  expect(logger.debug.mock.calls).toEqual(
    USERS.flatMap((session) => [
      ['a refresh begins', { session, cause: 'rejected', attempt: 1, duration: expect.any(Number) }],
      ['the tokens were rotated', { session, cause: 'rejected', attempt: 1, duration: expect.any(Number) }],
    ]),
  );
});

test('hooks and errors of a refresh that fails', async () => {
  const onRefreshFailed = jest.fn();
  const logger = { debug() {}, error: jest.fn() };
  const { server, get } = await start({ onRefreshFailed, logger });
  server.expire();
  for (const user of USERS) {
    server.fault(unavailable);
    const errors = [await rejection(get(user)), await rejection(get(user))];
    for (const error of errors) {
      expect(error.session).toBe(user);
      expect(Object.keys(error)).not.toContain('session');
      for (const text of [error.message, JSON.stringify(error), inspect(error)])
        expect(text).not.toContain(user);
    }
  }
  expect(sessionsOf(onRefreshFailed)).toEqual(named);
  expect(onRefreshFailed.mock.calls.map(([error]) => error.session)).toEqual(USERS);
  const about = { cause: 'rejected', attempt: 1, duration: expect.any(Number) };
  expect(sessionsOf(logger.error)).toEqual(named.map((of) => ({ ...of, ...about })));
  expect(logger.error.mock.calls.map(([, error]) => error.session)).toEqual(USERS);
});

test('logout, and every call of a session that is lost', async () => {
  const logout = jest.fn();
  const isRefreshFailureTerminal = jest.fn(() => true);
  const { server, api, get } = await start({ logout, isRefreshFailureTerminal });
  server.revoke('bob');
  expect((await get('ada')).status).toBe(200);
  const bob = api.session('bob');
  const calls = [
    () => get('bob'),
    () => track(bob.getAccessToken()),
    () => track(bob.rotate()),
    () => track(bob.fetch(`${server.url}/api/orders`)),
  ];
  for (const call of calls)
    expect(await rejection(call())).toMatchObject({ code: 'ERR_SESSION_LOST', session: 'bob' });
  expect(logout.mock.calls).toEqual([[{ session: 'bob' }]]);
  expect(sessionsOf(isRefreshFailureTerminal)).toEqual([{ session: 'bob' }]);
});

test('onPersistFailed, and the error of a login that is not stored', async () => {
  const { hook: onPersistFailed, next } = awaited();
  const setTokens = jest.fn().mockRejectedValueOnce(new Error('full'));
  const { server, api } = await start({ setTokens, onPersistFailed });
  const told = next();
  const error = await rejection(api.session('eve').setTokens(server.login('eve')));
  expect(error).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', session: 'eve' });
  expect((await told).session).toBe('eve');
  expect(sessionsOf(onPersistFailed)).toEqual([{ session: 'eve' }]);
});

test('getTokens that fails', async () => {
  const getTokens = () => Promise.reject(new Error('down'));
  const { get } = await start({ getTokens });
  expect(await rejection(get('ada'))).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', session: 'ada' });
});

test('onHookError, also for a logger', async () => {
  const fail = () => {
    throw new Error('bug');
  };
  const onHookError = jest.fn();
  const logger = { debug: fail, error: fail };
  const { server, get } = await start({ onBeforeRefresh: fail, onRefreshed: fail, logger, onHookError });
  server.expire();
  await get('ada');
  expect(onHookError.mock.calls.map(([, hook, context]) => [hook, context])).toEqual(
    ['logger', 'onBeforeRefresh', 'logger', 'onRefreshed'].map((hook) => [hook, { session: 'ada' }]),
  );
});

test('onHookError, also for isSessionExpired', async () => {
  const isSessionExpired = jest.fn().mockImplementationOnce(() => {
    throw new Error('bug');
  });
  const onHookError = jest.fn();
  const { server, get } = await start({ isSessionExpired, onHookError });
  server.expire();
  expect((await get('bob')).status).toBe(200);
  expect(onHookError.mock.calls.map((args) => args.slice(1))).toEqual([
    ['isSessionExpired', { session: 'bob' }],
  ]);
});

test('errors about one request name no session', async () => {
  const { api } = await start();
  const error = await rejection(api.session('ada').get('https://elsewhere.example/'));
  expect(error.code).toBe('ERR_ORIGIN_NOT_ALLOWED');
  expect('session' in error).toBe(false);
});

describe('setTokens that always throws with nobody listening', () => {
  const warnings = () =>
    process.emitWarning.mock.calls.filter(([, { code } = {}]) => code === 'TOKEN_ROTATOR_HOOK');
  /** `often` resolves with the sixth call, when the fifth failure was told. */
  const failing = () => {
    const { hook, next } = awaited(() => Promise.reject(new Error('no such table')));
    const often = async () => {
      for (let calls = 0; calls < 6; calls += 1) await next();
    };
    return { setTokens: hook, often };
  };

  test('is a warning, once', async () => {
    const { setTokens, often } = failing();
    const { server, get } = await start({ setTokens });
    const called = often();
    server.expire();
    await get('ada');
    await called;
    expect(warnings()).toEqual([
      [expect.stringMatching(/^setTokens fails.*set onPersistFailed/), { code: 'TOKEN_ROTATOR_HOOK' }],
    ]);
    setTokens.mockImplementation(() => {});
  });

  test('is no warning if the store is back after three failures', async () => {
    const setTokens = jest.fn();
    for (let n = 0; n < 3; n += 1) setTokens.mockRejectedValueOnce(new Error('restarting'));
    const { server, api, get } = await start({ setTokens });
    server.expire();
    await get('ada');
    await api.close();
    expect(setTokens).toHaveBeenCalledTimes(4);
    expect(warnings()).toEqual([]);
  });

  test('is no warning with onPersistFailed', async () => {
    const { setTokens, often } = failing();
    const { server, get } = await start({ setTokens, onPersistFailed: () => {} });
    const called = often();
    server.expire();
    await get('ada');
    await called;
    expect(warnings()).toEqual([]);
    setTokens.mockImplementation(() => {});
  });
});
