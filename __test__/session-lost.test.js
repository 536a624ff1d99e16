'use strict';

const { awaited, refreshBy } = require('./callbacks/wire.js');
const { rejection } = require('./callbacks/misbehaviours.js');
const { useHarness } = require('./support/harness.js');

const { serve, client, secret, store, track, allow } = useHarness();

async function start(options = {}, serverOptions = {}) {
  const server = await serve({ reuse: 'strict', ...serverOptions });
  const shelf = store('0-2 ms', server.login('ada'));
  const refresh = jest.fn(refreshBy(server, secret));
  const logout = jest.fn();
  const onRefreshFailed = jest.fn();
  const hooks = { logout, onRefreshFailed };
  const api = client(server, { ...shelf.callbacks, refresh, maxRetries: 0, ...hooks, ...options });
  const get = () => track(api.get('/api/orders'));
  const asked = () => server.ledger.counts.tokenRequests;
  return { server, shelf, refresh, logout, onRefreshFailed, api, get, asked };
}

const rotatedUnheard = (kind) => ({ at: 'after-rotate', kind });

describe('invalid_grant', () => {
  test('is one SessionLostError for all who wait, and one logout', async () => {
    const { server, logout, onRefreshFailed, get, asked } = await start();
    server.revoke();
    const errors = await Promise.all(Array.from({ length: 50 }, () => rejection(get())));
    for (const error of errors) {
      expect(error).toMatchObject({ name: 'SessionLostError', reason: 'rejected', sessionLost: true });
      expect(error.retryable).toBe(false);
      expect(error.cause).toBe(errors[0].cause);
    }
    expect(errors[0].cause.response.data.error).toBe('invalid_grant');
    expect(asked()).toBe(1);
    expect(logout).toHaveBeenCalledTimes(1);
    expect(onRefreshFailed).toHaveBeenCalledTimes(1);
  });

  test('is the last word until setTokens: nothing asks again', async () => {
    const { server, shelf, logout, api, get, asked } = await start();
    server.revoke();
    await rejection(get());
    const sent = server.ledger.counts.apiRequests;
    for (const call of [get, get, () => track(api.rotate()), () => track(api.getAccessToken())])
      expect((await rejection(call())).reason).toBe('rejected');
    expect(asked()).toBe(1);
    expect(server.ledger.counts.apiRequests).toBe(sent);
    expect(logout).toHaveBeenCalledTimes(1);

    const tokens = server.login('ada');
    await track(api.setTokens(tokens));
    expect((await get()).status).toBe(200);
    expect(shelf.held()).toEqual(tokens);

    server.revoke();
    expect((await rejection(get())).reason).toBe('rejected');
    expect(logout).toHaveBeenCalledTimes(2);
  });

  test('after another holder has rotated is no loss: what the store holds by then is adopted', async () => {
    const { server, shelf, refresh, logout, api, get } = await start();
    server.expire();
    const mine = refresh.getMockImplementation();
    refresh.mockImplementationOnce(async (refreshToken, context) => {
      const { access_token, refresh_token } = await mine(refreshToken, context);
      shelf.put({ accessToken: access_token, refreshToken: refresh_token });
      throw { error: 'invalid_grant' };
    });
    expect((await get()).status).toBe(200);
    expect(refresh).toHaveBeenCalledTimes(1);
    expect(logout).not.toHaveBeenCalled();
    expect(api.stats()).toMatchObject({ adopted: 1, rotations: 0 });
  });

  test('of a session without a refresh token has that for a reason', async () => {
    const refresh = () => Promise.reject({ status: 401 });
    const server = await serve();
    const { accessToken } = server.login('ada');
    server.expire();
    const api = client(server, { tokens: { accessToken }, refresh });
    expect((await rejection(track(api.get('/api/x')))).reason).toBe('no_refresh_token');
  });
});

describe('an answer lost after the rotation', () => {
  /** As long as the error says that the session pauses. */
  const pause = ({ retryAfter }) => new Promise((resolve) => setTimeout(resolve, retryAfter));

  test.each(['reset'])('strict server, %s: lost at the next refresh, and told apart', async (kind) => {
    allow({ reuses: 1, lost: 1 });
    const { server, shelf, logout, api, get, asked } = await start();
    const before = shelf.held();
    server.expire();
    server.fault(rotatedUnheard(kind));
    const error = await rejection(get());
    expect(error).toMatchObject({ code: 'ERR_REFRESH_FAILED', retryable: true });
    expect(shelf.held()).toEqual(before);
    expect(logout).not.toHaveBeenCalled();
    await pause(error);
    expect(await rejection(get())).toMatchObject({
      code: 'ERR_SESSION_LOST',
      reason: 'rotation_outcome_unknown',
    });
    expect(asked()).toBe(2);
    expect(logout).toHaveBeenCalledTimes(1);
    expect(server.ledger.lost).toMatchObject([{ explained: true }]);
    expect(api.stats()).toMatchObject({ ambiguous: 1, reuseSuspected: 1 });
  });

  test('strict server in spite of rotationGrace: lost within the one rotation', async () => {
    allow({ reuses: 1, lost: 1 });
    const { server, get, asked } = await start({ rotationGrace: 10_000 });
    server.expire();
    server.fault(rotatedUnheard('reset'));
    expect((await rejection(get())).reason).toBe('rotation_outcome_unknown');
    expect(asked()).toBe(2);
  });

  test.each(['leeway', 'same-token-window', 'parent-of-active'])(
    'rotationGrace and a server with %s: the same refresh token is sent once more, and all is well',
    async (reuse) => {
      allow({ reuses: 1 });
      const { server, shelf, refresh, logout, api, get } = await start({ rotationGrace: 10_000 }, { reuse });
      server.expire();
      server.fault(rotatedUnheard('reset'));
      const answers = await Promise.all([get(), get(), get()]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(refresh).toHaveBeenCalledTimes(2);
      expect(refresh.mock.calls[1][0]).toBe(refresh.mock.calls[0][0]);
      expect(server.ledger.counts.graced).toBe(1);
      expect(shelf.held()).toEqual(await track(api.getTokens()));
      expect(logout).not.toHaveBeenCalled();
    },
  );

  test('twice: rotationGrace sends the token once more and no further', async () => {
    allow({ reuses: 1 });
    const { server, logout, get, asked } = await start({ rotationGrace: 10_000 }, { reuse: 'leeway' });
    server.expire();
    server.fault({ ...rotatedUnheard('reset'), times: 2 });
    expect((await rejection(get())).code).toBe('ERR_REFRESH_FAILED');
    expect(asked()).toBe(2);
    expect(logout).not.toHaveBeenCalled();
  });
});

describe('the order of hooks', () => {
  function recorded(events, name, work = () => {}) {
    return (...args) => {
      events.push(name);
      return work(...args);
    };
  }

  test('of a rotation: onBeforeRefresh, refresh, setTokens, onRefreshed, the first replayed answer', async () => {
    const { server, shelf, refresh } = await start();
    const events = [];
    const setTokens = async (...args) => {
      events.push('setTokens');
      await shelf.callbacks.setTokens(...args);
      events.push('stored');
    };
    const api = client(server, {
      getTokens: shelf.callbacks.getTokens,
      setTokens,
      refresh: recorded(events, 'refresh', refresh),
      onBeforeRefresh: recorded(events, 'onBeforeRefresh'),
      onRefreshed: recorded(events, 'onRefreshed'),
    });
    server.expire();
    const gets = Array.from({ length: 10 }, () => track(api.get('/api/orders')));
    const tokens = Array.from({ length: 10 }, () => track(api.getAccessToken()));
    await Promise.all(gets.map((get) => get.then(recorded(events, 'answer'))));
    await Promise.all(tokens);
    const order = ['onBeforeRefresh', 'refresh', 'setTokens', 'stored', 'onRefreshed'];
    expect(events.slice(0, 5)).toEqual(order);
    expect(events.slice(5)).toEqual(Array.from({ length: 10 }, () => 'answer'));
  });

  test('of a rotation in several tries: onBeforeRefresh before each', async () => {
    const { server, shelf, refresh } = await start();
    const events = [];
    const { hook, next } = awaited(recorded(events, 'onRefreshed'));
    const api = client(server, {
      ...shelf.callbacks,
      refresh: recorded(events, 'refresh', refresh),
      onBeforeRefresh: recorded(events, 'onBeforeRefresh'),
      onRefreshed: hook,
    });
    const refreshed = next();
    server.expire();
    server.fault({ at: 'before-rotate', kind: 'status', body: {} });
    expect((await track(api.get('/api/orders'))).status).toBe(200);
    await refreshed;
    expect(events).toEqual(['onBeforeRefresh', 'refresh', 'onBeforeRefresh', 'refresh', 'onRefreshed']);
  });

  test('of a lost session: onRefreshFailed, logout, the first rejection', async () => {
    const events = [];
    const server = await serve();
    const api = client(server, {
      tokens: server.login('ada'),
      onBeforeRefresh: recorded(events, 'onBeforeRefresh'),
      onRefreshFailed: recorded(events, 'onRefreshFailed'),
      onRefreshed: recorded(events, 'onRefreshed'),
      logout: recorded(events, 'logout'),
    });
    server.revoke();
    const gets = Array.from({ length: 3 }, () => track(api.get('/api/orders')));
    await Promise.all(gets.map((get) => get.catch(recorded(events, 'rejected'))));
    const hooks = ['onBeforeRefresh', 'onRefreshFailed', 'logout'];
    expect(events).toEqual([...hooks, 'rejected', 'rejected', 'rejected']);
  });
});
