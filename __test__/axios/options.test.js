'use strict';

// Rows T1 to T9 and T18 to T20 of token-refresh's behaviour: what each option means.

const { expired, settled, straying, until } = require('./support/turns.js');
const { deferred, failure, outcomes, refreshAt, storage, useWorld } = require('./support/world.js');
const { WAYS } = require('./support/ways.js');

const { serve, install } = useWorld();

describe.each(WAYS)('%s', (_name, way) => {
  test('T1: installs synchronously, with one interceptor each way, and begins to read the storage at once', async () => {
    const server = await serve();
    const read = deferred();
    const { api, told, uninstall } = install(way, server, { getTokens: () => read.promise });
    expect(told).toEqual(['getTokens']);
    expect(api.interceptors.request.handlers.length).toBe(1);
    expect(api.interceptors.response.handlers.length).toBe(1);
    expect(uninstall).toEqual(expect.any(Function));
    read.resolve(null);
  });

  test('T2: refresh gets the stored refresh token; a result without accessToken is a failure like any other', async () => {
    const server = await serve();
    const tokens = server.login('ada');
    const shelf = storage(tokens);
    const asked = [];
    const judged = [];
    const { api } = install(way, server, {
      ...shelf.callbacks,
      refresh: async (refreshToken) => {
        asked.push(refreshToken);
        return { token: 'under another name' };
      },
      isRefreshFailureTerminal: (error) => {
        judged.push(error);
        return false;
      },
    });
    await settled();
    server.expire();
    await straying(async () => {
      const error = await failure(api.get('/api/orders'));
      expect(error).toMatchObject({ message: 'Invalid refresh response - no access token' });
      expect(judged).toEqual([error]);
    });
    expect(asked).toEqual([tokens.refreshToken]);
  });

  test('T3: the storage is read at installation and for a rotation', async () => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const { api, told } = install(way, server, {
      ...shelf.callbacks,
      refresh: async (refreshToken) => {
        await expired(told, 5);
        return refreshAt(server)(refreshToken);
      },
    });
    await settled();
    expect(shelf.reads).toBe(1);
    server.expire();
    await outcomes(Array.from({ length: 5 }, () => api.get('/api/orders')));
    // Once for each request, or once for all of them.
    expect(shelf.reads).toBe(way.original ? 6 : 2);
  });

  test('T3: a storage that cannot be read is logged', async () => {
    const server = await serve();
    const broken = new Error('the disk is gone');
    const logged = [];
    const { api } = install(way, server, {
      getTokens: () => Promise.reject(broken),
      logger: { debug() {}, error: (...line) => logged.push(line) },
    });
    await failure(api.get('/api/orders'));
    expect(logged).toContainEqual(['Failed to get tokens from storage:', broken]);
  });

  test('T4: setTokens gets what was stored with what was refreshed over it, and replays wait for it', async () => {
    const server = await serve();
    const tokens = server.login('ada');
    const shelf = storage({ ...tokens, tenant: 7, kind: 'old' });
    const written = deferred();
    const { api } = install(way, server, {
      ...shelf.callbacks,
      refresh: async (refreshToken) => ({ ...(await refreshAt(server)(refreshToken)), kind: 'new' }),
      setTokens: async (next) => {
        shelf.writes.push(next);
        await written.promise;
      },
    });
    await settled();
    server.expire();
    const request = api.get('/api/orders');
    while (shelf.writes.length === 0) await settled();
    const [{ accessToken, refreshToken, ...rest }] = shelf.writes;
    expect(rest).toEqual({ expiresAt: tokens.expiresAt, tenant: 7, kind: 'new' });
    expect([accessToken, refreshToken]).not.toContain(tokens.accessToken);
    expect([accessToken, refreshToken]).not.toContain(tokens.refreshToken);
    expect(server.ledger.counts.apiRequests).toBe(1);
    written.resolve();
    expect((await request).data.generation).toBe(1);
  });

  test('T4: a storage that does not take the tokens is logged, and requests go on', async () => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const full = new Error('no space left');
    const logged = [];
    const { api } = install(way, server, {
      ...shelf.callbacks,
      setTokens: () => (shelf.writes.push(0) === 1 ? Promise.reject(full) : Promise.resolve()),
      logger: { debug() {}, error: (...line) => logged.push(line) },
    });
    await settled();
    server.expire();
    expect((await api.get('/api/orders')).status).toBe(200);
    expect(logged).toEqual([['Failed to store new tokens:', full]]);
  });

  test('T4: setTokens is never called with null', async () => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const { api } = install(way, server, shelf.callbacks);
    await settled();
    server.revoke();
    await straying(() => failure(api.get('/api/orders')));
    expect(shelf.writes).toEqual([]);
  });

  test('T5: what a refresh does not mention stays as it was stored', async () => {
    const server = await serve({ reuse: 'none', omitRefreshToken: true });
    const tokens = server.login('ada');
    const shelf = storage({ ...tokens, since: new Date(0) });
    const { api } = install(way, server, {
      ...shelf.callbacks,
      refresh: async (refreshToken) => {
        const { accessToken } = await refreshAt(server)(refreshToken);
        return { accessToken };
      },
    });
    await settled();
    server.expire();
    await api.get('/api/orders');
    expect(shelf.held).toMatchObject({ refreshToken: tokens.refreshToken, since: new Date(0) });
    expect(shelf.held.accessToken).not.toBe(tokens.accessToken);
  });

  test('T6: isSessionExpired is asked about every failure, replays and network errors too, not about skipped requests', async () => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const asked = [];
    const { api } = install(way, server, {
      ...shelf.callbacks,
      isSessionExpired: (context) => {
        asked.push(context);
        return context.data?.error === 'invalid_token';
      },
    });
    await settled();
    server.fault({ at: 'api', kind: 'status', status: 403, body: { error: 'invalid_token' }, times: 2 });
    const refused = await failure(api.get('/api/orders'));
    expect(asked.map(({ status, data }) => [status, data])).toEqual([
      [403, { error: 'invalid_token' }],
      [403, { error: 'invalid_token' }],
    ]);
    expect(asked[1].error).toBe(refused);
    expect(server.ledger.counts.refreshes).toBe(1);

    asked.length = 0;
    server.fault({ at: 'api', kind: 'reset' });
    const lost = await failure(api.get('/api/orders'));
    expect(asked).toEqual([{ status: 0, data: undefined, error: lost }]);
    await failure(api.get('/missing', { skipAuthRefresh: true }));
    expect(asked.length).toBe(1);
  });

  test('T7: isRefreshFailureTerminal is asked once for each refresh that failed', async () => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const refused = new Error('refused');
    const judged = [];
    const { api, told } = install(way, server, {
      ...shelf.callbacks,
      refresh: async () => {
        await expired(told, 3);
        throw refused;
      },
      isRefreshFailureTerminal: (error) => judged.push(error) > 0,
    });
    await settled();
    server.expire();
    await straying(() => outcomes([1, 2, 3].map(() => api.get('/api/orders'))));
    expect(judged).toEqual([refused]);
  });

  test('T7: it is not asked about a missing refresh token', async () => {
    const server = await serve();
    const { api, told } = install(way, server, {});
    await failure(api.get('/api/orders'));
    expect(told).not.toContain('isRefreshFailureTerminal');
  });

  test.each([
    ['', 'authorization', (token) => `Bearer ${token}`],
    [undefined, 'authorization', (token) => `Bearer ${token}`],
    ['X-Auth-Token', 'x-auth-token', (token) => `Bearer ${token}`],
  ])('T8: header.name %p sends %s', async (name, sent, value) => {
    const server = await serve();
    const tokens = server.login('ada');
    const { api } = install(way, server, { ...storage(tokens).callbacks, header: { name } });
    await settled();
    const { data } = await api.get('/public/echo');
    expect(data.headers[sent]).toBe(value(tokens.accessToken));
  });

  test('T8: a header that is there already is found whatever its case', async () => {
    const server = await serve();
    const { api } = install(way, server, {
      ...storage(server.login('ada')).callbacks,
      header: { name: 'X-AUTH-Token' },
    });
    await settled();
    const { data } = await api.get('/public/echo', { headers: { 'x-auth-token': 'mine' } });
    expect(data.headers['x-auth-token']).toBe('mine');
  });

  test('T9: header.format makes the value', async () => {
    const server = await serve();
    const tokens = server.login('ada');
    const { api } = install(way, server, {
      ...storage(tokens).callbacks,
      header: { name: 'X-Key', format: (token) => `<${token}>` },
    });
    await settled();
    const { data } = await api.get('/public/echo');
    expect(data.headers['x-key']).toBe(`<${tokens.accessToken}>`);
  });

  test('T18: refreshTimeout bounds refresh, and the predicate decides what it means', async () => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const judged = [];
    const failed = [];
    const { api, told } = install(way, server, {
      ...shelf.callbacks,
      refresh: () => new Promise(() => {}),
      refreshTimeout: 20,
      isRefreshFailureTerminal: (error) => judged.push(error) > 0,
      onRefreshFailed: (error) => failed.push(error),
      logout: async () => {},
    });
    await settled();
    server.expire();
    await straying(async () => {
      const error = await failure(api.get('/api/orders'));
      expect(error).toBeInstanceOf(way.library.RefreshTimeoutError);
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ name: 'RefreshTimeoutError', message: 'Refresh timeout' });
      await until(() => failed.length > 0 && told.includes('logout'));
      expect(judged).toEqual([error]);
      expect(failed).toEqual([error]);
      expect(told).toContain('logout');
    });
  });

  test.each([
    [0, 'RefreshTimeoutError'],
    [Infinity, 1],
  ])('T18: a refreshTimeout of %p', async (refreshTimeout, wanted) => {
    const server = await serve();
    /** Past any timer that has run out by now. */
    const past = () => new Promise((resolve) => setTimeout(resolve, 10));
    // The limit is for `refresh` alone: a storage may take longer, as any does on a busy machine.
    const delay = async () => shelf.reads > 1 && (await past());
    const shelf = storage(server.login('ada'), { delay });
    const gate = deferred();
    const { api } = install(way, server, {
      ...shelf.callbacks,
      refresh: async (refreshToken) => {
        await past();
        if (refreshTimeout === 0) await gate.promise;
        return refreshAt(server)(refreshToken);
      },
      refreshTimeout,
    });
    await settled();
    server.expire();
    let outcome;
    await straying(async () => {
      outcome = await api.get('/api/orders').then(
        ({ data }) => data.generation,
        ({ name }) => name,
      );
    });
    gate.resolve();
    // There, a timer of Infinity has run out after a millisecond.
    expect(outcome).toBe(way.original ? 'RefreshTimeoutError' : wanted);
  });

  test('T18: RefreshTimeoutError can be made', () => {
    const { RefreshTimeoutError } = way.library;
    expect(new RefreshTimeoutError()).toMatchObject({
      name: 'RefreshTimeoutError',
      message: 'Refresh timeout',
    });
  });

  test('T19: logger gets lines, the first about the boot read; without it nothing is printed', async () => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const lines = [];
    install(way, server, { ...shelf.callbacks, logger: { debug: (line) => lines.push(line), error() {} } });
    await settled();
    expect(lines).toEqual(['Auth refresher boot: initial tokens loaded (accessToken present: yes)']);

    const methods = ['debug', 'error', 'info', 'log', 'warn'];
    const printed = methods.map((method) => jest.spyOn(console, method).mockImplementation(() => {}));
    const { api } = install(way, server, shelf.callbacks);
    await settled();
    server.expire();
    await api.get('/api/orders');
    server.revoke();
    await straying(() => failure(api.get('/api/orders')));
    const times = printed.map(({ mock }) => mock.calls.length);
    for (const spy of printed) spy.mockRestore();
    expect(times).toEqual(methods.map(() => 0));
  });

  test('T20: logout is for terminal failures only, and its rejection is swallowed', async () => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const { api, told } = install(way, server, {
      ...shelf.callbacks,
      isRefreshFailureTerminal: (error) => error.response?.status === 400,
      logout: () => Promise.reject(new Error('the logout failed')),
    });
    await settled();
    server.revoke();
    await straying(async () => {
      expect((await failure(api.get('/api/orders'))).response.status).toBe(400);
    });
    expect(told.filter((name) => name === 'logout')).toEqual(['logout']);
  });

  test('T20: a refresh that may work the next time logs nobody out', async () => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const { api, told } = install(way, server, { ...shelf.callbacks, logout: async () => {} });
    await settled();
    server.expire();
    server.fault({ at: 'before-rotate', kind: 'status', status: 503 });
    await straying(async () => {
      expect((await failure(api.get('/api/orders'))).response.status).toBe(503);
    });
    expect(told).not.toContain('logout');
  });
});
