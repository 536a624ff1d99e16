'use strict';

// What installAuthRefresh does beyond the rows of token-refresh: where it has to find out by itself who is logged in, and
// where programs do what its README does not show.

const { Readable } = require('node:stream');
const axios = require('axios');
const { settled, until } = require('./support/turns.js');
const { deferred, failure, outcomes, refreshAt, storage, useWorld } = require('./support/world.js');
const { OURS } = require('./support/ways.js');

const { serve, install } = useWorld();
const times = (told, name) => told.filter((each) => each === name).length;

describe.each(OURS)('%s', (_name, way) => {
  const { installAuthRefresh, setAuthHeaders } = way.library;

  async function loggedIn(options = {}, config) {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const made = { server, shelf };
    const wired = typeof options === 'function' ? options(made) : options;
    Object.assign(made, install(way, server, { ...shelf.callbacks, ...wired }, { config }));
    await settled();
    return made;
  }

  test.each([
    [{}, 'refresh'],
    [{ refresh() {}, getTokens() {} }, 'setTokens'],
    [{ refresh() {}, getTokens() {}, setTokens: 1 }, 'setTokens'],
    [{ refresh() {}, getTokens() {}, setTokens() {}, maxRetries: -1 }, 'maxRetries'],
    [{ refresh() {}, getTokens() {}, setTokens() {}, refreshTimeout: '1' }, 'refreshTimeout'],
    [{ refresh() {}, getTokens() {}, setTokens() {}, allowedOrigins: ['x'] }, 'allowedOrigins'],
    [{ refresh() {}, getTokens() {}, setTokens() {}, logout: 1 }, 'logout'],
  ])('options that could never work are refused: %p', (options, named) => {
    expect(() => installAuthRefresh(axios.create(), options)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining(named) }),
    );
  });

  test('something that is no instance is refused', () => {
    expect(() => installAuthRefresh({}, {})).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  });

  test('options it does not know are left alone, and Infinity is a timeout', async () => {
    const { api } = await loggedIn({ refreshTimeout: Infinity, onSomething() {}, version: 2 });
    expect((await api.get('/api/orders')).status).toBe(200);
  });

  test('storage callbacks may answer without a promise', async () => {
    const { api, server, shelf } = await loggedIn(({ shelf }) => ({
      getTokens: () => shelf.held,
      setTokens: (tokens) => void (shelf.held = tokens),
    }));
    server.expire();
    expect((await api.get('/api/orders')).data.generation).toBe(1);
    expect(shelf.held.accessToken).toEqual(expect.any(String));
  });

  test('a stored refresh token alone is enough', async () => {
    const server = await serve();
    const { refreshToken } = server.login('ada');
    const shelf = storage({ refreshToken });
    const { api } = install(way, server, shelf.callbacks);
    expect((await api.get('/public/echo')).data.headers.authorization).toBe(undefined);
    expect((await api.get('/api/orders')).data.generation).toBe(1);
  });

  test('a storage that keeps the refresh token alone is enough for each rotation', async () => {
    const server = await serve();
    const shelf = { refreshToken: server.login('ada').refreshToken };
    const { api, told } = install(way, server, {
      getTokens: async () => shelf,
      setTokens: async ({ refreshToken }) => void (shelf.refreshToken = refreshToken),
      logout: async () => {},
    });
    for (const generation of [1, 2, 3]) {
      server.expire();
      expect((await api.get('/api/orders')).data.generation).toBe(generation);
    }
    setAuthHeaders(api, null);
    expect((await failure(api.get('/api/orders'))).response.status).toBe(401);
    expect(times(told, 'refresh')).toBe(3);
  });

  test('a storage that never gives an answer holds up the first request for a second, or for refreshTimeout', async () => {
    const server = await serve();
    const { api } = install(way, server, { getTokens: () => new Promise(() => {}), refreshTimeout: 30 });
    expect((await api.get('/public/echo')).status).toBe(200);
  });

  test('a refresh function that sets the default header itself logs nobody in', async () => {
    const made = {};
    Object.assign(
      made,
      await loggedIn(({ server }) => ({
        refresh: async (refreshToken) => {
          const tokens = await refreshAt(server)(refreshToken);
          setAuthHeaders(made.api, tokens.accessToken);
          return tokens;
        },
        setTokens: async (tokens) => {
          made.shelf.held = tokens;
          setAuthHeaders(made.api, tokens.accessToken);
        },
        onRefreshed: ({ accessToken }) => setAuthHeaders(made.api, accessToken),
      })),
    );
    for (let time = 1; time <= 2; time += 1) {
      made.server.expire();
      const all = await outcomes([1, 2, 3].map(() => made.api.get('/api/orders')));
      expect(all).toEqual([200, 200, 200]);
      expect(made.server.ledger.counts.refreshes).toBe(time);
    }
  });

  test('setAuthHeaders with the token that is held, or for another header, logs nobody in', async () => {
    const { api, server, shelf } = await loggedIn();
    await api.get('/api/orders');
    setAuthHeaders(api, shelf.held.accessToken);
    setAuthHeaders(api, 'key', 'X-Api-Key', (key) => key);
    setAuthHeaders(api, null, 'X-Api-Key');
    server.expire();
    expect((await api.get('/api/orders')).data.generation).toBe(1);
    expect(server.ledger.counts).toMatchObject({ refreshes: 1, rejected: 1 });
  });

  test('an OAuth error that refresh returns ends the session as one that it throws', async () => {
    const { api, server, told } = await loggedIn({
      refresh: async () => ({ error: 'invalid_grant' }),
      isRefreshFailureTerminal: undefined,
      logout: async () => {},
    });
    server.expire();
    const message = 'Invalid refresh response - no access token';
    expect(await failure(api.get('/api/orders'))).toMatchObject({ message, error: 'invalid_grant' });
    expect(times(told, 'logout')).toBe(1);
    expect(times(told, 'refresh')).toBe(1);
  });

  test('a login whose refresh token is stored only later', async () => {
    const { api, server, shelf } = await loggedIn();
    const bob = server.login('bob');
    setAuthHeaders(api, bob.accessToken);
    expect((await api.get('/api/orders')).data.subject).toBe('bob');
    shelf.held = bob;
    server.expire('bob');
    expect((await api.get('/api/orders')).data).toMatchObject({ subject: 'bob', generation: 1 });
    // The token that was rejected is not sent again with only a refresh token found for it.
    expect(server.ledger.counts).toMatchObject({ refreshes: 1, rejected: 1 });
  });

  test('a login whose storage still holds the one before never becomes that one', async () => {
    const { api, server, told } = await loggedIn({ logout: async () => {} });
    await api.get('/api/orders');
    setAuthHeaders(api, server.login('bob').accessToken);
    server.expire('bob');
    expect((await failure(api.get('/api/orders'))).response.status).toBe(401);
    expect(server.ledger.requests.map(({ subject }) => subject)).toEqual(['ada', 'bob']);
    expect(times(told, 'logout')).toBe(1);
  });

  test('a login that only the storage knows counts for requests after it, whatever was asked meanwhile', async () => {
    const { api, server, shelf, told } = await loggedIn((made) => ({
      getTokens: async () => {
        await made.shelf.gate?.promise;
        return made.shelf.held;
      },
    }));
    server.expire();
    shelf.held = null;
    expect((await failure(api.get('/api/orders'))).response.status).toBe(401);
    shelf.held = server.login('bob');
    shelf.gate = deferred();
    const reads = times(told, 'getTokens');
    const first = api.get('/api/orders');
    await until(() => times(told, 'getTokens') > reads);
    expect((await api.get('/public/echo')).data.headers.authorization).toBe(undefined);
    shelf.gate.resolve();
    expect((await first).data.subject).toBe('bob');
    expect((await api.get('/api/orders')).data.subject).toBe('bob');
  });

  test('a late 401 of the login before does not hide the one that began the refresh', async () => {
    const errors = [];
    const { api, server, shelf, told } = await loggedIn((made) => ({
      getTokens: async () => {
        await made.shelf.gate?.promise;
        return made.shelf.held;
      },
      onRefreshFailed: (error) => errors.push(error),
    }));
    server.fault({ at: 'api', kind: 'hang' });
    const late = failure(api.get('/api/late'));
    await server.waitFor(({ hanging }) => hanging === 1);
    server.expire('ada');
    shelf.held = { accessToken: server.login('bob').accessToken };
    setAuthHeaders(api, shelf.held.accessToken);
    server.expire('bob');
    shelf.gate = deferred();
    const reads = times(told, 'getTokens');
    const first = failure(api.get('/api/orders'));
    await until(() => times(told, 'getTokens') > reads);
    server.release();
    expect((await late).response.status).toBe(401);
    shelf.gate.resolve();
    expect(errors).toEqual([await first]);
  });

  test('a logout and a login with the same tokens', async () => {
    const { api, server, shelf } = await loggedIn();
    setAuthHeaders(api, null);
    expect((await api.get('/public/echo')).data.headers.authorization).toBe(undefined);
    setAuthHeaders(api, shelf.held.accessToken);
    server.expire();
    expect((await api.get('/api/orders')).data.generation).toBe(1);
  });

  test('a logout while the storage is read for the first time, and a login with the same tokens', async () => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const { api } = install(way, server, shelf.callbacks);
    // The storage has answered, and the engine asks for that answer; its call comes with a later turn.
    for (let turn = 0; turn < 20; turn += 1) await null;
    setAuthHeaders(api, null);
    await settled();
    expect((await api.get('/public/echo')).data.headers.authorization).toBe(undefined);
    setAuthHeaders(api, shelf.held.accessToken);
    server.expire();
    expect((await api.get('/api/orders')).data.generation).toBe(1);
  });

  test('a default header in a format of its own is understood, however it was set', async () => {
    const { api, server, shelf } = await loggedIn({
      header: { name: 'Authorization', format: (token) => `Bearer  ${token}` },
    });
    await api.get('/api/orders');
    shelf.held = server.login('bob');
    api.defaults.headers.common.authorization = `Bearer  ${shelf.held.accessToken}`;
    expect((await api.get('/api/orders')).data.subject).toBe('bob');
    server.expire('bob');
    expect((await api.get('/api/orders')).data).toMatchObject({ subject: 'bob', generation: 1 });
    delete api.defaults.headers.common.Authorization;
    expect((await api.get('/public/echo')).data.headers.authorization).toBe(undefined);
  });

  test('a default header that was there before', async () => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const headers = { Authorization: `Bearer ${shelf.held.accessToken}` };
    const { api } = install(way, server, shelf.callbacks, { config: { headers } });
    server.expire();
    expect((await api.get('/api/orders')).data.generation).toBe(1);
    server.expire();
    expect((await api.get('/api/orders')).data.generation).toBe(2);
    expect(server.ledger.counts.refreshes).toBe(2);
  });

  test('a header of the request that is the stored token is the session’s', async () => {
    const { api, server, shelf } = await loggedIn();
    await api.get('/api/orders');
    shelf.held = server.login('bob');
    server.expire('bob');
    const { data } = await api.get('/api/orders', {
      headers: { Authorization: `Bearer ${shelf.held.accessToken}` },
    });
    expect(data).toMatchObject({ subject: 'bob', generation: 1 });
  });

  test('unless it is another host that rejects it', async () => {
    const other = await serve();
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const { api } = install(way, server, shelf.callbacks, { servers: [server, other] });
    await api.get('/api/orders');
    shelf.held = server.login('bob');
    const headers = { Authorization: `Bearer ${shelf.held.accessToken}` };
    expect((await failure(api.get(`${other.url}/api/orders`, { headers }))).response.status).toBe(401);
    expect((await api.get('/api/orders')).data.subject).toBe('ada');
    expect(server.ledger.counts.tokenRequests).toBe(0);
  });

  test('an API key of the caller’s is not, and its 401 is theirs', async () => {
    const { api, server } = await loggedIn();
    const headers = { Authorization: 'Bearer some-api-key' };
    expect((await failure(api.get('/api/orders', { headers }))).response.status).toBe(401);
    expect(server.ledger.counts.tokenRequests).toBe(0);
  });

  test('what is logged holds no token', async () => {
    const lines = [];
    const log = (...line) => lines.push(line);
    const { api, server, shelf } = await loggedIn({ logger: { debug: log, error: log } });
    const before = shelf.held;
    server.expire();
    await api.get('/api/orders');
    server.revoke();
    await failure(api.get('/api/orders'));
    const text = JSON.stringify(lines) + require('node:util').inspect(lines, { depth: 9, showHidden: true });
    for (const { accessToken, refreshToken } of [before, shelf.held]) {
      expect(text.includes(accessToken) || text.includes(refreshToken)).toBe(false);
    }
    expect(text).toContain('status code 400');
  });

  test('a refresh that is late and then fails is told of once', async () => {
    const gate = deferred();
    const failed = [];
    const { api, server } = await loggedIn({
      refresh: () => gate.promise,
      refreshTimeout: 20,
      onRefreshFailed: (error) => failed.push(error.name),
    });
    server.expire();
    const error = await failure(api.get('/api/orders'));
    gate.reject(new Error('too late'));
    let outcome;
    do outcome = await failure(api.get('/api/orders'));
    while (outcome.name === 'RefreshTimeoutError');
    expect(outcome.message).toBe('too late');
    expect([error.name, ...failed]).toEqual(['RefreshTimeoutError', 'RefreshTimeoutError']);
  });

  test('a refresh that is late and then refused ends the session', async () => {
    const gate = deferred();
    const { api, server, told } = await loggedIn({
      refresh: () => gate.promise,
      refreshTimeout: 20,
      logout: async () => {},
    });
    server.expire();
    await failure(api.get('/api/orders'));
    gate.reject(Object.assign(new Error('refused'), { response: { status: 400 } }));
    await until(() => told.includes('logout'));
    expect((await failure(api.get('/api/orders'))).response.status).toBe(401);
  });

  test('a logout that never ends holds nobody up for longer than refreshTimeout', async () => {
    const { api, server } = await loggedIn({ logout: () => new Promise(() => {}), refreshTimeout: 100 });
    server.revoke();
    expect((await failure(api.get('/api/orders'))).response.status).toBe(400);
  });

  test('the default header follows tokens that somebody else has rotated', async () => {
    const { api, server, shelf } = await loggedIn();
    const shown = () => api.defaults.headers.common.Authorization;
    server.expire();
    await api.get('/api/orders');
    expect(shown()).toBe(`Bearer ${shelf.held.accessToken}`);
    server.expire();
    shelf.held = await refreshAt(server)(shelf.held.refreshToken);
    await api.get('/api/orders');
    expect(shown()).toBe(`Bearer ${shelf.held.accessToken}`);
  });

  test('a default header goes to no other host, even before anybody has looked at it', async () => {
    const other = await serve();
    const server = await serve();
    const { api } = install(way, server, {}, { servers: [server, other] });
    setAuthHeaders(api, 'brand-new');
    const { data } = await api.get(`${other.url}/public/echo`, { skipAuthRefresh: true });
    expect(data.headers.authorization).toBe(undefined);
  });

  test('beforeRedirect of the caller’s is still called', async () => {
    const { api, server } = await loggedIn();
    const headers = { location: `${server.url}/public/echo` };
    server.fault({ at: 'api', kind: 'status', status: 302, headers });
    const seen = [];
    const beforeRedirect = ({ href }, { headers }) => seen.push([href, headers.location]);
    const { data } = await api.get('/api/orders', { beforeRedirect });
    expect(seen).toEqual([[headers.location, headers.location]]);
    expect(data.headers.authorization).toEqual(expect.stringMatching(/^Bearer /));
  });

  test('an instance with two installations over one storage', async () => {
    const made = await loggedIn();
    const { api, server, shelf } = made;
    const { uninstall } = installAuthRefresh(api, {
      ...shelf.callbacks,
      refresh: refreshAt(server),
      isSessionExpired: ({ status }) => status === 401,
      isRefreshFailureTerminal: () => false,
    });
    await settled();
    server.expire();
    expect(await outcomes([1, 2, 3].map(() => api.get('/api/orders')))).toEqual([200, 200, 200]);
    expect(server.ledger.counts.refreshes).toBe(1);
    uninstall();
    server.expire();
    expect((await api.get('/api/orders')).data.generation).toBe(2);
  });

  describe.each([
    ['of another instance', false],
    ['that follows the first', true],
  ])('an installation %s, over one storage', (_name, follows) => {
    async function twice(storage) {
      const server = await serve();
      const callbacks = storage(server.login('ada'));
      const add = () => {
        const adapter = way.adapter(server);
        const api = axios.create({ baseURL: server.url, ...(adapter && { adapter }) });
        const { uninstall } = installAuthRefresh(api, {
          ...{ refresh: refreshAt(server), refreshTimeout: 200 },
          ...{ isSessionExpired: ({ status }) => status === 401, isRefreshFailureTerminal: () => false },
          ...callbacks,
        });
        return { get: async () => (await api.get('/api/orders')).data.generation, uninstall };
      };
      return { server, add };
    }

    test('writes its newer tokens again after a late write of the first one', async () => {
      const [gate, late] = [deferred(), deferred()];
      let held;
      let writes = 0;
      const { server, add } = await twice((login) => {
        held = login;
        return {
          getTokens: async () => held,
          setTokens: async (tokens) => {
            writes += 1;
            const isFirst = writes === 1;
            if (isFirst) await gate.promise;
            held = tokens;
            if (isFirst) late.resolve(tokens);
          },
        };
      });
      const one = add();
      const other = follows ? undefined : add();
      server.expire();
      expect(await one.get()).toBe(1);
      if (follows) one.uninstall();
      const two = other ?? add();
      server.expire();
      expect(await two.get()).toBe(2);
      gate.resolve();
      const older = await late.promise;
      await until(() => held !== older);
      server.expire();
      expect(await add().get()).toBe(3);
      one.uninstall();
      two.uninstall();
    });

    test('does not refresh with a token that the first one has spent', async () => {
      let held;
      const { server, add } = await twice(({ refreshToken }) => {
        held = { refreshToken };
        return { getTokens: async () => held, setTokens: async () => {} };
      });
      const one = add();
      const other = follows ? undefined : add();
      expect(await one.get()).toBe(1);
      if (follows) one.uninstall();
      const two = other ?? add();
      server.expire();
      expect(await two.get()).toBe(2);
      two.uninstall();
      server.expire();
      const three = add();
      expect(await three.get()).toBe(3);
      expect(server.ledger.counts.refreshes).toBe(3);
      one.uninstall();
      three.uninstall();
    });
  });

  test('after a logout, a next installation takes what is stored as it is', async () => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const { refreshToken } = shelf.held;
    const adapter = way.adapter(server);
    const api = axios.create({ baseURL: server.url, ...(adapter && { adapter }) });
    const options = {
      ...{ refresh: refreshAt(server), ...shelf.callbacks },
      ...{ isSessionExpired: ({ status }) => status === 401, isRefreshFailureTerminal: () => false },
    };
    const first = installAuthRefresh(api, options);
    server.expire();
    expect((await api.get('/api/orders')).data.generation).toBe(1);
    setAuthHeaders(api, null);
    first.uninstall();
    shelf.held = { ...shelf.held, refreshToken };
    const second = installAuthRefresh(api, options);
    expect((await api.get('/api/orders')).data.generation).toBe(1);
    second.uninstall();
  });

  test('uninstalled and installed again while a refresh is under way', async () => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const [started, gate] = [deferred(), deferred()];
    let calls = 0;
    const adapter = way.adapter(server);
    const api = axios.create({ baseURL: server.url, ...(adapter && { adapter }) });
    const options = {
      ...shelf.callbacks,
      refresh: async (refreshToken) => {
        calls += 1;
        started.resolve();
        await gate.promise;
        return refreshAt(server)(refreshToken);
      },
      isSessionExpired: ({ status }) => status === 401,
      isRefreshFailureTerminal: () => false,
    };
    const first = installAuthRefresh(api, options);
    server.expire();
    const sentAway = failure(api.get('/api/orders'));
    await started.promise;
    first.uninstall();
    expect(axios.isCancel(await sentAway)).toBe(true);
    const second = installAuthRefresh(api, options);
    const request = api.get('/api/orders');
    await server.waitFor(({ counts }) => counts.rejected === 2, { timeout: 100 }).catch(() => {});
    gate.resolve();
    expect((await request).data.generation).toBe(1);
    expect(calls).toBe(1);
    second.uninstall();
  });

  test('uninstalled and installed again for somebody else', async () => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const options = {
      ...shelf.callbacks,
      refresh: refreshAt(server),
      isSessionExpired: ({ status }) => status === 401,
      isRefreshFailureTerminal: () => false,
    };
    const adapter = way.adapter(server);
    for (const subject of ['ada', 'bob']) {
      const api = axios.create({ baseURL: server.url, ...(adapter && { adapter }) });
      const { uninstall } = installAuthRefresh(api, options);
      expect((await api.get('/api/orders')).data.subject).toBe(subject);
      uninstall();
      shelf.held = server.login('bob');
    }
  });

  test('who has left before a refresh is over is not waited for', async () => {
    const gate = deferred();
    const { api, server, told } = await loggedIn({ refresh: () => gate.promise });
    server.expire();
    const first = failure(api.get('/api/orders'));
    await until(() => told.includes('refresh'));
    const { CancelToken } = axios;
    const source = CancelToken.source();
    const canceled = failure(api.get('/api/orders', { cancelToken: source.token }));
    await settled();
    source.cancel('enough');
    expect(axios.isCancel(await canceled)).toBe(true);
    expect(axios.isCancel(await failure(api.get('/api/orders', { signal: AbortSignal.abort() })))).toBe(true);
    gate.reject(new Error('enough'));
    await first;
  });

  test('a stream in a field of a form is a stream', async () => {
    const { api, server } = await loggedIn();
    server.expire();
    const error = await failure(
      api.postForm('/api/upload', { name: 'a', file: Readable.from(['contents']) }),
    );
    expect(error.response.status).toBe(401);
    expect(error.cause).toMatchObject({ code: 'ERR_BODY_NOT_REPLAYABLE' });
    const { data } = await api.postForm('/api/upload', { name: 'a', tags: ['b'] });
    expect(data.body).toContain('name="tags[]"');
  });

  test('response interceptors that were there first see each answer once', async () => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const adapter = way.adapter(server);
    const api = axios.create({ baseURL: server.url, ...(adapter && { adapter }) });
    const seen = [];
    api.interceptors.response.use(
      (response) => (seen.push(response.status), response),
      (error) => {
        seen.push(error.response.status);
        throw error;
      },
    );
    const { uninstall } = installAuthRefresh(api, {
      ...shelf.callbacks,
      refresh: refreshAt(server),
      isSessionExpired: ({ status }) => status === 401,
      isRefreshFailureTerminal: () => false,
    });
    server.expire();
    await api.get('/api/orders');
    expect(seen).toEqual([401, 200]);
    uninstall();
  });
});
