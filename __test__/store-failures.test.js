'use strict';

const { awaited, refreshBy } = require('./callbacks/wire.js');
const { rejection, withResolvers } = require('./callbacks/misbehaviours.js');
const { until } = require('./axios/support/turns.js');
const { useHarness } = require('./support/harness.js');

const { serve, client, secret, store, track } = useHarness();

async function start(options = {}) {
  const server = await serve({ reuse: 'strict' });
  const shelf = store('sync', server.login('ada'));
  const getTokens = jest.fn(shelf.callbacks.getTokens);
  const setTokens = jest.fn(shelf.callbacks.setTokens);
  const refresh = jest.fn(refreshBy(server, secret));
  const api = client(server, { getTokens, setTokens, refresh, maxRetries: 0, ...options });
  const get = () => track(api.get('/api/orders'));
  return { server, shelf, getTokens, setTokens, refresh, api, get };
}

const broken = new Error('no connection to the database');
const fail = () => {
  throw broken;
};

describe('setTokens that fails', () => {
  test.each([1, 2, 3, 4, 5])('%i times and then works: nothing is lost', async (times) => {
    const onPersistFailed = jest.fn();
    const { promise: stored, resolve } = withResolvers();
    const { server, shelf, getTokens, setTokens, api, get } = await start({ onPersistFailed });
    await get();
    for (let n = 0; n < times; n += 1) setTokens.mockImplementationOnce(fail);
    setTokens.mockImplementation((...args) => {
      shelf.callbacks.setTokens(...args);
      resolve();
    });
    server.expire();
    const answers = await Promise.all(Array.from({ length: 10 }, get));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    await stored;
    await api.close();

    expect(shelf.held().accessToken).toBe(setTokens.mock.lastCall[0].accessToken);
    expect(setTokens).toHaveBeenCalledTimes(times + 1);
    expect(onPersistFailed).toHaveBeenCalledTimes(times);
    for (const [error] of onPersistFailed.mock.calls) {
      expect(error).toMatchObject({ name: 'StoreError', code: 'ERR_STORE_UNAVAILABLE' });
      expect(error.cause).toBe(broken);
    }
    expect(getTokens).toHaveBeenCalledTimes(2); // at the start, and before the rotation
    expect(api.stats()).toMatchObject({ rotations: 1, persistRetries: times });
    expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
  });

  test('while tokens expire again: the newest are refreshed and written, and the store is not read', async () => {
    const { server, shelf, getTokens, setTokens, api, get } = await start();
    setTokens.mockImplementation(fail);
    for (let expiry = 0; expiry < 3; expiry += 1) {
      server.expire();
      expect((await get()).status).toBe(200);
    }
    expect(getTokens).toHaveBeenCalledTimes(2);
    const { promise: stored, resolve } = withResolvers();
    setTokens.mockImplementation((...args) => {
      shelf.callbacks.setTokens(...args);
      resolve();
    });
    await stored;
    expect(shelf.held()).toEqual(await track(api.getTokens()));
    expect(server.ledger.counts).toMatchObject({ refreshes: 3, reuses: 0 });
  });

  test('at a login: setTokens of the client rejects, and the login counts all the same', async () => {
    const { server, shelf, setTokens, api, get } = await start();
    await get();
    const { promise: stored, resolve } = withResolvers();
    setTokens.mockImplementationOnce(fail).mockImplementation((...args) => {
      shelf.callbacks.setTokens(...args);
      resolve();
    });
    const tokens = server.login('grace');
    const error = await rejection(track(api.setTokens(tokens)));
    expect(error).toMatchObject({ name: 'StoreError', code: 'ERR_STORE_UNAVAILABLE', retryable: true });
    expect(error.cause).toBe(broken);
    expect((await (await get()).json()).subject).toBe('grace');
    await stored;
    expect(shelf.held()).toEqual(tokens);
  });
});

describe('getTokens that fails', () => {
  test('at the first request: a StoreError for all who wait, and the next one reads again', async () => {
    const { server, getTokens, api, get } = await start();
    const { promise: read, reject } = withResolvers();
    getTokens.mockImplementationOnce(() => read);
    const errors = [get(), get(), get()].map(rejection);
    // Else the first could fail before the others have begun to wait.
    await until(() => api.stats().requests === 3);
    reject(broken);
    for (const error of await Promise.all(errors)) {
      expect(error).toMatchObject({ name: 'StoreError', code: 'ERR_STORE_UNAVAILABLE', retryable: true });
      expect(error.cause).toBe(broken);
    }
    expect((await get()).status).toBe(200);
    expect(server.ledger.counts.tokenRequests).toBe(0);
  });

  test('at a rotation: nothing is refreshed from memory', async () => {
    const onRefreshFailed = jest.fn();
    const { server, getTokens, refresh, get } = await start({ onRefreshFailed });
    await get();
    server.expire();
    getTokens.mockImplementation(fail);
    for (let times = 0; times < 2; times += 1) {
      const error = await rejection(get());
      expect(error).toMatchObject({ name: 'StoreError', code: 'ERR_STORE_UNAVAILABLE' });
      expect(error.cause).toBe(broken);
    }
    expect(refresh).not.toHaveBeenCalled();
    expect(onRefreshFailed).toHaveBeenCalledTimes(1);
  });

  test('ahead of expiry: valid tokens in memory are served', async () => {
    const { hook: onRefreshFailed, next } = awaited();
    const { shelf, getTokens, get } = await start({ onRefreshFailed, refreshAhead: 7_200_000 });
    const failed = next();
    getTokens.mockImplementation(fail).mockImplementationOnce(shelf.callbacks.getTokens);
    expect((await get()).status).toBe(200);
    expect((await failed).cause).toBe(broken);
    expect((await get()).status).toBe(200);
  });

  test.each([[42], ['text'], [[]], [{}], [{ accessToken: 7 }], [{ accessToken: 'a b' }], [true]])(
    'with %j for tokens: ERR_STORE_CORRUPT, and nothing is refreshed or written',
    async (junk) => {
      const { getTokens, setTokens, refresh, get } = await start();
      getTokens.mockImplementationOnce(() => junk);
      const error = await rejection(get());
      expect(error).toMatchObject({ name: 'StoreError', code: 'ERR_STORE_CORRUPT', retryable: false });
      expect(refresh).not.toHaveBeenCalled();
      expect(setTokens).not.toHaveBeenCalled();
      expect((await get()).status).toBe(200);
    },
  );
});

describe('a login while the tokens of a rotation are being written', () => {
  /** The rotation's write is under way, and ends with `ending` when `write()` is called. */
  async function writing(options, ending) {
    const { promise: begun, resolve: begin } = withResolvers();
    const { promise: written, resolve: write } = withResolvers();
    const { server, shelf, setTokens, ...rest } = await start(options);
    await rest.get();
    setTokens.mockImplementationOnce(async (...args) => {
      begin();
      await written;
      await shelf.callbacks.setTokens(...args);
      ending?.();
    });
    server.expire();
    const waiting = rest.get();
    await begun;
    return { server, shelf, setTokens, waiting, write, ...rest };
  }

  test('comes last in the store, and nobody gets the rotated tokens', async () => {
    const { server, shelf, api, get, waiting, write } = await writing();
    const tokens = server.login('grace');
    const login = track(api.setTokens(tokens));
    // It was sent with the tokens of the login before, and its 401 is all there is for it.
    const { status } = await waiting;
    expect(status).toBe(401);
    write();
    await login;
    expect(shelf.held()).toEqual(tokens);
    expect((await (await get()).json()).subject).toBe('grace');
  });

  test('a logout stays a logout', async () => {
    const { shelf, api, get, waiting, write } = await writing();
    const logout = track(api.setTokens(null));
    expect((await waiting).status).toBe(401);
    write();
    await logout;
    expect(shelf.held()).toBeNull();
    expect((await rejection(get())).reason).toBe('logged_out');
  });

  /** Resolves when the store has taken tokens once more. */
  function stored(setTokens, shelf) {
    const { promise, resolve } = withResolvers();
    setTokens.mockImplementation(async (...args) => {
      await shelf.callbacks.setTokens(...args);
      resolve();
    });
    return promise;
  }

  test('is written again after a write that ends past its deadline', async () => {
    const { server, shelf, setTokens, api, waiting, write } = await writing({ refreshTimeout: 100 });
    const tokens = server.login('grace');
    await track(api.setTokens(tokens));
    expect((await waiting).status).toBe(401);
    const again = stored(setTokens, shelf);
    write();
    await again;
    expect(shelf.held()).toEqual(tokens);
    await api.close();
    expect(shelf.writes.map((written) => written.tokens.accessToken).slice(1)).toEqual([
      shelf.writes[1].tokens.accessToken,
      tokens.accessToken,
    ]);
  });

  test('is written again after a write that fails past its deadline', async () => {
    const { server, shelf, setTokens, api, waiting, write } = await writing({ refreshTimeout: 100 }, fail);
    const tokens = server.login('grace');
    await track(api.setTokens(tokens));
    expect((await waiting).status).toBe(401);
    const again = stored(setTokens, shelf);
    write();
    await again;
    expect(shelf.held()).toEqual(tokens);
  });

  test('is never undone by such a write, even if it cannot be written again', async () => {
    const { hook: onPersistFailed, next } = awaited();
    const { server, shelf, setTokens, api, get, waiting, write } = await writing({
      refreshTimeout: 100,
      onPersistFailed,
    });
    await track(api.setTokens(server.login('grace')));
    expect((await waiting).status).toBe(401);
    setTokens.mockImplementation(fail);
    const failed = next();
    write();
    expect((await failed).cause).toBe(broken);
    expect(shelf.held().refreshToken).toBe(shelf.writes.at(-1).tokens.refreshToken);
    server.expire();
    // The tokens that this write left in the store are no news, because they are those of the login before.
    expect((await (await get()).json()).subject).toBe('grace');
    const again = stored(setTokens, shelf);
    await again;
    expect(shelf.held()).toEqual(await track(api.getTokens()));
  });

  test('is written again until the store takes it', async () => {
    const { server, shelf, setTokens, api, waiting, write } = await writing({ refreshTimeout: 100 });
    const tokens = server.login('grace');
    await track(api.setTokens(tokens));
    expect((await waiting).status).toBe(401);
    const again = stored(setTokens, shelf);
    for (let n = 0; n < 3; n += 1) setTokens.mockImplementationOnce(fail);
    write();
    await again;
    expect(shelf.held()).toEqual(tokens);
  });

  test('is written again if another client that shares the session has written it', async () => {
    const share = 'late-write';
    const { server, shelf, setTokens, waiting, write } = await writing({ refreshTimeout: 100, share });
    const other = client(server, { ...shelf.callbacks, share });
    const tokens = server.login('grace');
    await track(other.setTokens(tokens));
    expect((await waiting).status).toBe(401);
    const again = stored(setTokens, shelf);
    write();
    await again;
    expect(shelf.held()).toEqual(tokens);
  });
});
