'use strict';

// Rows T10 and T21 to T35 of token-refresh's behaviour: what becomes of requests.

const axios = require('axios');
const { expired, settled, straying, until } = require('./support/turns.js');
const { deferred, failure, outcomes, refreshAt, storage, useWorld } = require('./support/world.js');
const { WAYS } = require('./support/ways.js');

const { serve, install } = useWorld();

describe.each(WAYS)('%s', (_name, way) => {
  const { setAuthHeaders } = way.library;

  async function world(options = {}, more) {
    const server = await serve();
    const tokens = server.login('ada');
    const shelf = storage(tokens);
    const installed = install(way, server, { ...shelf.callbacks, ...options }, more);
    await settled();
    return { server, tokens, shelf, ...installed };
  }

  /** A refresh that begins when so many requests were rejected. */
  function refreshAfter(requests, told, server) {
    return async (refreshToken) => {
      await expired(told(), requests);
      return refreshAt(server())(refreshToken);
    };
  }

  /** A world whose token has expired, and whose refresh waits for so many requests. */
  async function expiredWorld(requests, options = {}, more) {
    const made = {};
    const refresh = refreshAfter(
      requests,
      () => made.told,
      () => made.server,
    );
    Object.assign(made, await world({ refresh, ...options }, more));
    made.server.expire();
    return made;
  }

  const sent = ({ data }) => data.headers.authorization;
  const seen = ({ ledger }) => ledger.requests.map(({ requestId, status }) => `${requestId} ${status}`);
  const id = (name, config = {}) => ({ ...config, headers: { ...config.headers, 'x-request-id': name } });

  test('T10: the token is attached, and a header of the request stays', async () => {
    const { api, tokens } = await world();
    expect(sent(await api.get('/public/a'))).toBe(`Bearer ${tokens.accessToken}`);
    expect(sent(await api.get('/public/a', { headers: { authorization: 'Basic eDp5' } }))).toBe('Basic eDp5');
    expect(sent(await api.get('/public/a', { skipAuthRefresh: true }))).toBe(undefined);
  });

  test('T10: a header that is the current token is as good as ours', async () => {
    const { api, server, tokens } = await expiredWorld(1);
    const response = await api.get('/api/orders', {
      headers: { Authorization: `Bearer ${tokens.accessToken}` },
    });
    expect(response.data.generation).toBe(1);
    expect(server.ledger.counts.refreshes).toBe(1);
  });

  test('T21: skipAuthRefresh: no header, no queue, no refresh; the default header is sent', async () => {
    const { api, server, tokens } = await world();
    server.expire();
    const error = await failure(api.get('/api/orders', { skipAuthRefresh: true }));
    expect(error.response.status).toBe(401);
    setAuthHeaders(api, tokens.accessToken);
    expect(sent(await api.get('/public/a', { skipAuthRefresh: true }))).toBe(`Bearer ${tokens.accessToken}`);
    expect(server.ledger.counts.tokenRequests).toBe(0);
  });

  test('T21: a skipped request does not wait for a refresh under way', async () => {
    const gate = deferred();
    const { api, server, told } = await world({ refresh: () => gate.promise });
    server.expire();
    const waiting = failure(api.get('/api/orders'));
    await until(() => told.includes('refresh'));
    expect((await api.get('/public/a', { skipAuthRefresh: true })).status).toBe(200);
    await straying(() => {
      gate.reject(new Error('enough'));
      return waiting;
    });
  });

  test('T22: setAuthHeaders edits the default header and nothing else', () => {
    const api = axios.create({ headers: { common: { 'x-other': '1' } } });
    const before = { ...api.defaults.headers.common };
    setAuthHeaders(api, 'abc');
    expect(api.defaults.headers.common.Authorization).toBe('Bearer abc');
    setAuthHeaders(api, 'abc', 'X-Key', (token) => `<${token}>`);
    expect(api.defaults.headers.common['X-Key']).toBe('<abc>');
    setAuthHeaders(api, null, 'X-Key');
    setAuthHeaders(api, null);
    expect(api.defaults.headers.common).toEqual(before);
  });

  test('T23: any number of requests on an expired token make one refresh', async () => {
    const { api, server } = await expiredWorld(50);
    const all = await outcomes(Array.from({ length: 50 }, () => api.get('/api/orders')));
    expect(all).toEqual(Array(50).fill(200));
    expect(server.ledger.counts.refreshes).toBe(1);
  });

  test('T24: replays are sent in the order of the 401s', async () => {
    const rejected = [];
    const { api } = await expiredWorld(20, {
      isSessionExpired: ({ status, error }) => {
        if (status === 401) rejected.push(error.config.headers.get('x-request-id'));
        return status === 401;
      },
    });
    const dispatched = [];
    api.interceptors.request.use((config) => {
      dispatched.push(config.headers.get('x-request-id'));
      return config;
    });
    await outcomes(Array.from({ length: 20 }, (_, at) => api.get('/api/orders', id(`${at}`))));
    expect(rejected.length).toBe(20);
    expect(dispatched.slice(20)).toEqual(rejected);
  });

  test('T25: a request that is made during a refresh is answered after it', async () => {
    const gate = deferred();
    const made = await world({
      refresh: async (refreshToken) => {
        await gate.promise;
        return refreshAt(made.server)(refreshToken);
      },
    });
    const { api, server } = made;
    server.expire();
    const first = api.get('/api/orders', id('first'));
    await server.waitFor(({ counts }) => counts.rejected === 1);
    const second = api.get('/api/orders', id('second'));
    if (way.original) await server.waitFor(({ counts }) => counts.rejected === 2);
    await settled();
    gate.resolve();
    expect(await outcomes([first, second])).toEqual([200, 200]);
    expect(server.ledger.counts.refreshes).toBe(1);
  });

  test('T26: a late 401 for an older token is replayed with the current one: no refresh, no look at the storage', async () => {
    const { api, server, shelf } = await world();
    server.fault({ at: 'api', kind: 'hang' });
    const straggler = api.get('/api/orders', id('straggler'));
    await server.waitFor(({ hanging }) => hanging === 1);
    server.expire();
    await api.get('/api/orders');
    const { reads } = shelf;
    server.release();
    expect((await straggler).data.generation).toBe(1);
    expect(seen(server).slice(-2)).toEqual(['straggler 401', 'straggler 200']);
    expect(server.ledger.counts.refreshes).toBe(1);
    expect(shelf.reads).toBe(reads);
  });

  test('T27: a server that always says 401 gets the request twice and one refresh; the second 401 is the answer', async () => {
    const { api, server } = await world();
    server.fault({ at: 'api', kind: 'status', status: 401, times: Infinity });
    const error = await failure(api.get('/api/orders'));
    expect(error.response.status).toBe(401);
    expect(server.ledger.counts).toMatchObject({ apiRequests: 2, tokenRequests: 1 });
  });

  test('T27: it is sent three times at most: with its token, with the current one, and after a refresh', async () => {
    const { api, server } = await world();
    server.fault({ at: 'api', kind: 'hang' });
    const straggler = failure(api.get('/api/orders', id('straggler')));
    await server.waitFor(({ hanging }) => hanging === 1);
    server.expire();
    await api.get('/api/orders');
    server.fault({ at: 'api', kind: 'status', status: 401, times: Infinity });
    server.release();
    expect((await straggler).response.status).toBe(401);
    expect(seen(server).slice(-3)).toEqual(['straggler 401', 'straggler 401', 'straggler 401']);
    expect(server.ledger.counts.refreshes).toBe(2);
  });

  test('T28: a replay goes through the interceptors and transforms again, and its outcome is the outcome', async () => {
    const { api, server } = await world();
    const steps = [];
    api.interceptors.request.use((config) => (steps.push('request'), config));
    api.interceptors.response.use((response) => (steps.push('response'), response));
    server.expire();
    const transformRequest = (data) => {
      steps.push('transform');
      return typeof data === 'string' ? data : JSON.stringify(data);
    };
    const response = await api.post('/api/orders', { item: 7 }, { transformRequest });
    expect(response.data.body).toBe('{"item":7}');
    expect(steps).toEqual(['request', 'transform', 'request', 'transform', 'response', 'response']);
    server.expire();
    server.fault({ at: 'after-api', kind: 'status', status: 500, times: 1 });
    const error = await failure(api.get('/api/orders'));
    expect(error.response.status).toBe(500);
    expect(server.ledger.counts.refreshes).toBe(2);
  });

  test('T29: a refresh that failed is the error of everybody who waited', async () => {
    const { api, server } = await expiredWorld(3);
    server.fault({ at: 'before-rotate', kind: 'status', status: 503 });
    await straying(async () => {
      const errors = await outcomes([1, 2, 3].map(() => api.get('/api/orders')));
      expect(errors[0].response.status).toBe(503);
      expect(new Set(errors).size).toBe(1);
    });
  });

  test('T30: without a refresh token everybody gets their own 401, and the session is lost', async () => {
    const failed = [];
    const { api, told, server } = await world({
      getTokens: async () => null,
      onRefreshFailed: (error) => failed.push(error),
      logout: async () => {},
    });
    const error = await failure(api.get('/api/mine'));
    expect(error.response.status).toBe(401);
    expect(error.config.url).toBe('/api/mine');
    expect(failed).toEqual([error]);
    expect(told).toContain('logout');
    expect(server.ledger.counts.tokenRequests).toBe(0);
  });

  test('T31: when the tries are used up, the 401 that met it is the error of everybody', async () => {
    const { api, server, told } = await world({ maxRetries: 0 });
    server.expire();
    await straying(async () => {
      const errors = await outcomes([api.get('/api/a'), api.get('/api/b')]);
      expect(errors.map(({ response }) => response.status)).toEqual([401, 401]);
      // There, those that were not queued by then meet the end by themselves.
      if (!way.original) expect(new Set(errors).size).toBe(1);
    });
    expect(told).not.toContain('refresh');
  });

  test('T33: who aborts gets CanceledError; the refresh and the others go on', async () => {
    const gate = deferred();
    const { api, server, told } = await world({
      refresh: async (refreshToken) => {
        await gate.promise;
        return refreshAt(server)(refreshToken);
      },
    });
    server.expire();
    const leader = new AbortController();
    const follower = new AbortController();
    const ended = outcomes([
      api.get('/api/a', { signal: leader.signal }),
      api.get('/api/b', { signal: follower.signal }),
      api.get('/api/c'),
    ]);
    await expired(told, 3);
    leader.abort();
    follower.abort();
    gate.resolve();
    const [a, b, c] = await ended;
    for (const error of [a, b]) {
      expect(axios.isCancel(error)).toBe(true);
      expect(error).toMatchObject({ name: 'CanceledError', message: 'canceled', code: 'ERR_CANCELED' });
    }
    expect(c).toBe(200);
    expect(server.ledger.counts.refreshes).toBe(1);
  });

  test('T34: uninstall takes the interceptors out and sends who waits away; more of it does nothing', async () => {
    const gate = deferred();
    const { api, server, told, uninstall } = await world({ refresh: () => gate.promise });
    server.expire();
    const ended = [api.get('/api/a'), api.get('/api/b')].map(failure);
    await expired(told, 2);
    await straying(async () => {
      uninstall();
      uninstall();
      await Promise.race(ended);
      gate.resolve({ accessToken: 'late', refreshToken: 'late' });
      for (const error of await Promise.all(ended)) {
        expect(axios.isCancel(error)).toBe(true);
        expect(error).toMatchObject({ name: 'CanceledError', message: 'auth refresher uninstalled' });
      }
    });
    expect(api.interceptors.request.handlers.filter(Boolean)).toEqual([]);
    expect(api.interceptors.response.handlers.filter(Boolean)).toEqual([]);
    expect(sent(await api.get('/public/a'))).toBe(way.original ? 'Bearer late' : undefined);
  });

  test('T34: uninstall leaves the default header', async () => {
    const { api, tokens, uninstall } = await world();
    setAuthHeaders(api, tokens.accessToken);
    uninstall();
    expect(sent(await api.get('/public/a'))).toBe(`Bearer ${tokens.accessToken}`);
  });

  test.each([
    [false, 0],
    [true, 1],
  ])(
    'T35: a network error is the caller’s unless isSessionExpired says %s to status 0',
    async (judged, refreshes) => {
      const { api, server } = await world({ isSessionExpired: ({ status }) => status === 0 && judged });
      server.fault({ at: 'api', kind: 'reset' });
      const [outcome] = await outcomes([api.get('/api/orders')]);
      if (judged) expect(outcome).toBe(200);
      else expect(outcome.response).toBe(undefined);
      expect(server.ledger.counts.refreshes).toBe(refreshes);
    },
  );
});
