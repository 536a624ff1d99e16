'use strict';

// Bugs of token-refresh that cost refreshes, hooks and waiting: B14 to B17, B20 to B24; and B27, of axios-auth-refresh.

const axios = require('axios');
const { default: createAuthRefresh } = require('axios-auth-refresh');
const { mended } = require('./support/mended.js');
const { expired, settled, until } = require('./support/turns.js');
const { deferred, failure, outcomes, refreshAt, storage, useWorld } = require('./support/world.js');
const { OURS } = require('./support/ways.js');

const { serve, install, forgive } = useWorld();
const mends = (name, scenario) => mended(name, scenario, forgive);

const sent = ({ data }) => data.headers.authorization;
const times = (told, name) => told.filter((each) => each === name).length;
const REQUESTS = [1, 2, 3, 4, 5];

async function world(way, options = {}, tokensOf = (server) => server.login('ada')) {
  const server = await serve();
  const shelf = storage(tokensOf(server));
  const made = { server, shelf };
  const wired = typeof options === 'function' ? options(made) : options;
  Object.assign(made, install(way, server, { ...shelf.callbacks, ...wired }));
  await settled();
  return made;
}

/** A refresh by way of the instance itself, as token-refresh's README has it. */
const byItself = (made) => ({
  refresh: async (refreshToken) => {
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
    const { data } = await made.api.post('/token', body, { skipAuthRefresh: true });
    return { accessToken: data.access_token, refreshToken: data.refresh_token };
  },
});

mends('B14: maxRetries ends a session though other requests succeed', async (way) => {
  const { api, server, told } = await world(way, (made) => ({
    ...byItself(made),
    maxRetries: 1,
    logout: async () => {},
  }));
  server.fault({ at: 'before-rotate', kind: 'status', status: 503, times: Infinity });
  server.expire();
  while (!told.includes('logout') && times(told, 'refresh') < 3) {
    await failure(api.get('/api/orders'));
    await api.get('/public/echo');
  }
  expect(times(told, 'logout')).toBe(1);
});

mends('B15: without a refresh token the hooks are called once for any number of requests', async (way) => {
  const { api, told } = await world(way, { onRefreshFailed() {}, logout: async () => {} }, () => null);
  const errors = await outcomes(REQUESTS.map((at) => api.get(`/api/${at}`)));
  expect(errors.map((error) => error.config.url)).toEqual(REQUESTS.map((at) => `/api/${at}`));
  expect([times(told, 'onRefreshFailed'), times(told, 'logout')]).toEqual([1, 1]);
});

mends(
  'B16: a refresh token that was refused is not sent again, and nobody is told again (T32)',
  async (way) => {
    const { api, server, told } = await world(way, { onRefreshFailed() {}, logout: async () => {} });
    server.revoke();
    for (const at of REQUESTS) await failure(api.get(`/api/${at}`));
    expect(server.ledger.counts.tokenRequests).toBe(1);
    expect([times(told, 'onRefreshFailed'), times(told, 'logout')]).toEqual([1, 1]);
  },
);

describe.each(OURS)('after a session was lost, %s', (_name, way) => {
  const hooks = { onRefreshFailed() {}, logout: async () => {} };

  test('requests are sent without a token, and a 401 is theirs', async () => {
    const { api, server } = await world(way, hooks);
    server.revoke();
    await failure(api.get('/api/orders'));
    expect(sent(await api.get('/public/echo'))).toBe(undefined);
    const error = await failure(api.get('/api/mine'));
    expect([error.response.status, error.config.url]).toEqual([401, '/api/mine']);
  });

  test.each(['stored and shown', 'only stored'])('a login that is %s begins anew', async (how) => {
    const { api, server, shelf, told } = await world(way, hooks);
    server.revoke();
    await failure(api.get('/api/orders'));
    shelf.held = server.login('bob');
    if (how !== 'only stored') way.library.setAuthHeaders(api, shelf.held.accessToken);
    expect((await api.get('/api/orders')).data.subject).toBe('bob');
    server.expire('bob');
    expect((await api.get('/api/orders')).data).toMatchObject({ subject: 'bob', generation: 1 });
    expect(times(told, 'logout')).toBe(1);
  });
});

const thrower = () => {
  throw new Error('a bug in it');
};

describe('B17: a hook that throws changes nothing', () => {
  const logger = { debug: thrower, error: thrower };

  mends('onBeforeRefresh', async (way) => {
    const { api, server } = await world(way, { onBeforeRefresh: thrower });
    server.expire();
    expect((await api.get('/api/orders')).status).toBe(200);
  });

  mends('isSessionExpired', async (way) => {
    const { api, server } = await world(way, { isSessionExpired: thrower });
    server.expire();
    expect((await api.get('/api/orders')).status).toBe(200);
    expect((await failure(api.get('/missing'))).response.status).toBe(404);
  });

  mends('onRefreshFailed', async (way) => {
    const { api, server, told } = await world(way, { onRefreshFailed: thrower, logout: async () => {} });
    server.revoke();
    expect((await failure(api.get('/api/orders'))).response.status).toBe(400);
    expect(told).toContain('logout');
  });

  mends('logout, which may be synchronous as well', async (way) => {
    for (const logout of [thrower, () => undefined]) {
      const { api, server } = await world(way, { logout });
      server.revoke();
      expect((await failure(api.get('/api/orders'))).response.status).toBe(400);
    }
  });

  mends('logger', async (way) => {
    const { api, server } = await world(way, { logger });
    server.expire();
    expect((await api.get('/api/orders')).status).toBe(200);
  });

  test.each(OURS)('the logger is told which, %s', async (_name, way) => {
    const lines = [];
    const { api, server } = await world(way, {
      onRefreshed: thrower,
      logger: { debug() {}, error: (...line) => lines.push(line) },
    });
    server.expire();
    await api.get('/api/orders');
    await settled();
    expect(lines).toEqual([['onRefreshed threw:', expect.objectContaining({ message: 'a bug in it' })]]);
  });
});

/** Requests that wait for a refresh which never comes to anything. */
async function waiting(way, work) {
  const gate = deferred();
  const made = await world(way, { refresh: () => gate.promise });
  made.server.expire();
  const first = outcomes([made.api.get('/api/orders')]);
  await until(() => made.told.includes('refresh'));
  try {
    await work(made);
  } finally {
    gate.reject(new Error('enough'));
    await first;
  }
}

mends('B20: who aborts while waiting is told at once', (way) =>
  waiting(way, async ({ api, told }) => {
    const controller = new AbortController();
    const aborted = failure(api.get('/api/orders', { signal: controller.signal }));
    if (way.original) await expired(told, 2);
    else await settled();
    controller.abort();
    expect(await aborted).toMatchObject({ code: 'ERR_CANCELED', message: 'canceled' });
  }),
);

mends('B20: also after its own 401', async (way) => {
  const gate = deferred();
  const { api, server, told } = await world(way, { refresh: () => gate.promise });
  server.expire();
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = [1, 2].map(() => failure(api.get('/api/orders', { signal })));
  await expired(told, 2);
  await until(() => told.includes('refresh'));
  controller.abort();
  try {
    for (const each of aborted.reverse()) {
      expect(await each).toMatchObject({ code: 'ERR_CANCELED', message: 'canceled', name: 'CanceledError' });
    }
  } finally {
    gate.reject(new Error('enough'));
  }
});

mends('B20: a request’s timeout goes on while it waits', (way) =>
  waiting(way, async ({ api }) => {
    const error = await failure(api.get('/api/orders', { timeout: 40 }));
    expect(error).toMatchObject({
      ...{ code: 'ECONNABORTED', name: 'AxiosError' },
      message: 'timeout of 40ms exceeded',
    });
  }),
);

mends('B21: after uninstall a refresh under way stores its tokens and touches nothing else', async (way) => {
  const gate = deferred();
  const { api, server, shelf, told, uninstall } = await world(way, ({ server }) => ({
    refresh: async (refreshToken) => {
      const tokens = await refreshAt(server)(refreshToken);
      await gate.promise;
      return tokens;
    },
    onRefreshed() {},
  }));
  server.expire();
  const waiting = outcomes([api.get('/api/orders')]);
  await server.waitFor(({ counts }) => counts.refreshes === 1);
  uninstall();
  gate.resolve();
  await waiting;
  await until(() => shelf.writes.length === 1);
  await settled();
  expect(told).not.toContain('onRefreshed');
  expect(api.defaults.headers.common.Authorization).toBe(undefined);
});

mends('B21: a request on the wire does not refresh after uninstall', async (way) => {
  const { api, server, uninstall } = await world(way);
  server.fault({ at: 'api', kind: 'hang' });
  const late = failure(api.get('/api/orders'));
  await server.waitFor(({ hanging }) => hanging === 1);
  server.expire();
  uninstall();
  server.release();
  expect((await late).response.status).toBe(401);
  expect(server.ledger.counts.tokenRequests).toBe(0);
});

mends('B22: the first request has the stored token, however slow the storage is (T36)', async (way) => {
  const gate = deferred();
  const server = await serve();
  const tokens = server.login('ada');
  const { api } = install(way, server, {
    getTokens: async () => {
      await gate.promise;
      return tokens;
    },
  });
  const request = api.get('/api/orders');
  setImmediate(gate.resolve);
  expect((await request).data.generation).toBe(0);
  expect(server.ledger.counts).toMatchObject({ rejected: 0, tokenRequests: 0 });
});

mends('B22: tokens that somebody else has rotated are taken over (T37)', async (way) => {
  const { api, server, shelf } = await world(way);
  server.expire();
  shelf.held = await refreshAt(server)(shelf.held.refreshToken);
  expect((await api.get('/api/orders')).data.generation).toBe(1);
  expect(server.ledger.counts.refreshes).toBe(1);
});

mends('B23: a request made during a refresh waits for its token (T25)', async (way) => {
  const gate = deferred();
  const { api, server, told } = await world(way, ({ server }) => ({
    refresh: async (refreshToken) => {
      await gate.promise;
      return refreshAt(server)(refreshToken);
    },
  }));
  server.expire();
  const first = api.get('/api/orders');
  await expired(told, 1);
  const others = REQUESTS.map(() => api.get('/api/orders'));
  // What must not happen is waited for a little.
  await server.waitFor(({ counts }) => counts.rejected === 6, { timeout: 100 }).catch(() => {});
  gate.resolve();
  expect(await outcomes([first, ...others])).toEqual(Array(6).fill(200));
  expect(server.ledger.counts.rejected).toBe(1);
});

mends('B24: a refresh endpoint that is down is left alone for a while (T38)', async (way) => {
  const { api, server } = await world(way, { maxRetries: Infinity });
  server.fault({ at: 'before-rotate', kind: 'status', status: 503, times: Infinity });
  server.expire();
  for (let at = 0; at < 20; at += 1) {
    expect((await failure(api.get('/api/orders'))).response.status).toBe(503);
  }
  // One, and perhaps another if these twenty took longer than the first pause.
  expect(server.ledger.counts.tokenRequests).toBeLessThan(4);
});

describe.each(OURS)('T39, %s', (_name, way) => {
  test('an expiry beside the stored tokens is nobody’s business, whatever its unit', async () => {
    const { api, server } = await world(way, {}, (server) => ({
      ...server.login('ada'),
      expiresAt: 1,
      expires_in: 1,
    }));
    expect((await api.get('/api/orders')).data.generation).toBe(0);
    expect(server.ledger.counts.tokenRequests).toBe(0);
  });

  test('neither is the end of a JWT: a 401 alone rotates', async () => {
    const ended = jwt(1);
    const { api, server } = await world(way, {}, (server) => ({
      ...server.login('ada'),
      accessToken: ended,
    }));
    const sent = async () => (await api.get('/public/echo')).data.headers.authorization;
    expect(await sent()).toBe(`Bearer ${ended}`);
    const other = jwt(2);
    way.library.setAuthHeaders(api, other);
    expect(await sent()).toBe(`Bearer ${other}`);
    expect(server.ledger.counts.tokenRequests).toBe(0);
  });
});

/** An access token that ended so many seconds after 1970 began. */
function jwt(exp) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ exp })}.`;
}

mends('T23: two instances over one storage have one session', async (way) => {
  const server = await serve();
  const shelf = storage(server.login('ada'));
  const gate = deferred();
  const options = {
    ...shelf.callbacks,
    refresh: async (refreshToken) => {
      gate.count = (gate.count ?? 0) + 1;
      if (gate.count === 2) gate.resolve();
      // Both at once if they know nothing of each other.
      await Promise.race([gate.promise, new Promise((resolve) => setTimeout(resolve, 100))]);
      return refreshAt(server)(refreshToken);
    },
  };
  const instances = [1, 2].map(() => {
    const adapter = way.adapter(server);
    const api = axios.create({ baseURL: server.url, ...(adapter && { adapter }) });
    const { uninstall } = way.library.installAuthRefresh(api, {
      isSessionExpired: ({ status }) => status === 401,
      isRefreshFailureTerminal: () => false,
      ...options,
    });
    return { api, uninstall };
  });
  await settled();
  server.expire();
  try {
    expect(await outcomes(instances.map(({ api }) => api.get('/api/orders')))).toEqual([200, 200]);
    expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
    server.expire();
    expect(await outcomes(instances.map(({ api }) => api.get('/api/orders')))).toEqual([200, 200]);
  } finally {
    for (const { uninstall } of instances) uninstall();
  }
});

describe('B27: a refresh by way of the instance itself, without skipAuthRefresh', () => {
  async function refreshing(server) {
    const shelf = storage(server.login('ada'));
    const api = axios.create({ baseURL: server.url });
    const refresh = async (refreshToken) => {
      // The way to the endpoint is barred to an expired token, as it is where one gateway guards everything.
      await api.get('/api/warm-up').catch(() => {});
      return refreshAt(server)(refreshToken);
    };
    return { shelf, api, refresh };
  }

  test('axios-auth-refresh waits for itself', async () => {
    const server = await serve();
    const { shelf, api, refresh } = await refreshing(server);
    let done = false;
    createAuthRefresh(api, async (failed) => {
      shelf.held = await refresh(shelf.held.refreshToken);
      done = true;
      failed.response.config.headers.Authorization = `Bearer ${shelf.held.accessToken}`;
    });
    server.expire();
    api.defaults.headers.common.Authorization = `Bearer ${shelf.held.accessToken}`;
    api.get('/api/orders').catch(() => {});
    await server.waitFor(({ counts }) => counts.rejected === 2);
    await server.waitFor(({ counts }) => counts.tokenRequests === 1, { timeout: 300 }).catch(() => {});
    expect(done).toBe(false);
  });

  test.each(OURS)('%s does not', async (_name, way) => {
    const server = await serve();
    const made = {};
    Object.assign(made, await refreshing(server));
    const { api } = install(way, server, {
      ...made.shelf.callbacks,
      refresh: async (refreshToken) => {
        await api.get('/api/warm-up').catch(() => {});
        return refreshAt(server)(refreshToken);
      },
    });
    await settled();
    server.expire();
    expect((await api.get('/api/orders')).data.generation).toBe(1);
    expect(server.ledger.counts.refreshes).toBe(1);
  });
});

describe('B27: requests that fail while a refresh is under way', () => {
  test('axios-auth-refresh drops them', async () => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const api = axios.create({ baseURL: server.url });
    const setToken = () => (api.defaults.headers.common.Authorization = `Bearer ${shelf.held.accessToken}`);
    setToken();
    createAuthRefresh(api, async (failed) => {
      await server.waitFor(({ counts }) => counts.rejected === 3);
      await settled();
      shelf.held = await refreshAt(server)(shelf.held.refreshToken);
      setToken();
      failed.response.config.headers.Authorization = `Bearer ${shelf.held.accessToken}`;
    });
    server.expire();
    const all = await outcomes([1, 2, 3].map(() => api.get('/api/orders')));
    expect(all.filter((each) => each === 200).length).toBeLessThan(3);
  });

  test.each(OURS)('%s answers them', async (_name, way) => {
    const made = {};
    Object.assign(
      made,
      await world(way, ({ server }) => ({
        refresh: async (refreshToken) => {
          await expired(made.told, 3);
          return refreshAt(server)(refreshToken);
        },
      })),
    );
    made.server.expire();
    expect(await outcomes([1, 2, 3].map(() => made.api.get('/api/orders')))).toEqual([200, 200, 200]);
  });
});
