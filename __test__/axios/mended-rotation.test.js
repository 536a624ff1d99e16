'use strict';

// Bugs of token-refresh that lose sessions, hang, or end the process: B1 to B8, B12, B18, B19.

const { fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { mended } = require('./support/mended.js');
const { expired, settled, until } = require('./support/turns.js');
const { deferred, failure, outcomes, refreshAt, storage, useWorld } = require('./support/world.js');
const { WAYS } = require('./support/ways.js');

const { serve, install, forgive } = useWorld();
const mends = (name, scenario) => mended(name, scenario, forgive);

/** Bob is logged in, and his token has run out. */
async function expiredWorld(way, options = {}) {
  const server = await serve();
  const tokens = server.login('bob');
  const shelf = storage(tokens);
  const installed = install(way, server, { ...shelf.callbacks, ...options });
  await settled();
  server.expire();
  return { server, tokens, shelf, ...installed };
}

/** Tries until it is not the pause after a failure any more. */
async function afterThePause(send, isPause) {
  for (;;) {
    const [outcome] = await outcomes([send()]);
    if (!isPause(outcome)) return outcome;
  }
}

/** What becomes of the request, as the program prints it. */
const ENDS = { 'refresh fails': '503', 'no tries left': '401', uninstalled: 'CanceledError' };

describe.each(WAYS)('B1, %s', (name, way) => {
  test.each(Object.keys(ENDS))('a program that handles its errors ends by itself: %s', async (what) => {
    const server = await serve();
    const tokens = server.login('ada');
    server.expire();
    if (what === 'refresh fails') {
      server.fault({ at: 'before-rotate', kind: 'status', status: 503, times: Infinity });
    }
    const { url, tokenEndpoint } = server;
    const program = path.join(__dirname, 'support', 'program.js');
    const child = fork(program, [name, what], { silent: true, env: { ...process.env } });
    let said = '';
    child.stdout.on('data', (chunk) => (said += chunk));
    child.send({ server: { url, tokenEndpoint }, tokens });
    const [code] = await once(child, 'close');
    expect(code).toBe(way.original ? 1 : 0);
    if (!way.original) expect(said.trim()).toBe(ENDS[what]);
  });
});

mends('B2: one refresh however long each look at the storage takes', async (way) => {
  const server = await serve();
  const shelf = storage(server.login('ada'));
  const written = deferred();
  const { api } = install(way, server, {
    getTokens: async () => {
      const found = shelf.held;
      // All but the one that a first rotation needs answer late, with what was there when they were asked.
      if ((shelf.reads += 1) > 2) await written.promise;
      return found;
    },
    setTokens: async (tokens) => {
      shelf.held = tokens;
      await settled();
      setImmediate(written.resolve);
    },
  });
  await settled();
  server.expire();
  expect(await outcomes(Array.from({ length: 10 }, () => api.get('/api/orders')))).toEqual(
    Array(10).fill(200),
  );
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
});

mends('B3: a rotation is not over before its tokens are stored', async (way) => {
  const stored = deferred();
  const shelf = storage();
  const setTokens = async (tokens) => {
    shelf.writes.push(tokens);
    await stored.promise;
    shelf.held = tokens;
  };
  const server = await serve();
  shelf.held = server.login('ada');
  const { api } = install(way, server, { ...shelf.callbacks, setTokens });
  await settled();
  server.expire();
  const first = api.get('/api/orders');
  await server.waitFor(({ counts }) => counts.refreshes === 1);
  await until(() => shelf.writes.length === 1);
  const rejection = server.fault({ at: 'api', kind: 'status', status: 401 });
  const second = api.get('/api/orders');
  // What must not happen is waited for a little.
  await server.waitFor(({ counts }) => counts.tokenRequests === 2, { timeout: 300 }).catch(() => {});
  rejection.cancel();
  stored.resolve();
  expect(await outcomes([first, second])).toEqual([200, 200]);
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
});

mends('B4: a refresh that answers too late is stored', async (way) => {
  const { api, server, shelf } = await expiredWorld(way, { refreshTimeout: 30 });
  server.fault({ at: 'after-rotate', kind: 'hang' });
  const error = await failure(api.get('/api/orders'));
  expect(error).toBeInstanceOf(way.library.RefreshTimeoutError);
  server.release();
  await server.waitFor(({ refreshTokens }) => refreshTokens[0].delivered);
  const isPause = (outcome) => outcome instanceof way.library.RefreshTimeoutError;
  expect(await afterThePause(() => api.get('/api/orders'), isPause)).toBe(200);
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
  expect(shelf.writes.length).toBe(1);
});

mends('B5: tokens that could not be stored are not forgotten, and onRefreshed is called', async (way) => {
  const shelf = storage();
  const onRefreshed = jest.fn();
  const server = await serve();
  shelf.held = server.login('ada');
  const { api } = install(way, server, {
    ...shelf.callbacks,
    onRefreshed,
    setTokens: (tokens) => {
      if (shelf.writes.push(tokens) === 1) return Promise.reject(new Error('no space left'));
      shelf.held = tokens;
      return Promise.resolve();
    },
  });
  for (let time = 0; time < 2; time += 1) {
    server.expire();
    expect((await api.get('/api/orders')).status).toBe(200);
  }
  expect(onRefreshed).toHaveBeenCalledTimes(2);
  expect(server.ledger.counts.reuses).toBe(0);
});

mends('B6: a refresh function that throws at once is a failure like any other', async (way) => {
  const made = {};
  let calls = 0;
  const refresh = (refreshToken) => {
    if ((calls += 1) === 1) throw new Error('not ready yet');
    return refreshAt(made.server)(refreshToken);
  };
  Object.assign(made, await expiredWorld(way, { refresh }));
  expect(await failure(made.api.get('/api/orders'))).toMatchObject({ message: 'not ready yet' });
  const isPause = ({ message }) => message === 'not ready yet';
  expect(await afterThePause(() => made.api.get('/api/orders'), isPause)).toBe(200);
});

describe.each([
  ['is missing', undefined],
  [
    'throws',
    () => {
      throw new Error('a bug in it');
    },
  ],
])('a predicate that %s', (_what, isRefreshFailureTerminal) => {
  mends('B7: nobody waits for ever', async (way) => {
    const made = {};
    const refresh = async (refreshToken) => {
      await expired(made.told, 3);
      return refreshAt(made.server)(refreshToken);
    };
    Object.assign(made, await expiredWorld(way, { refresh, isRefreshFailureTerminal }));
    made.server.fault({ at: 'before-rotate', kind: 'status', status: 503 });
    const errors = await outcomes([1, 2, 3].map(() => made.api.get('/api/orders')));
    expect(errors.map((error) => error.response?.status)).toEqual([503, 503, 503]);
  });
});

mends('B8: a storage that takes nothing and says nothing holds nobody up', async (way) => {
  const taken = deferred();
  const { api } = await expiredWorld(way, { setTokens: () => taken.promise, refreshTimeout: 200 });
  expect((await api.get('/api/orders')).status).toBe(200);
  // Until they are saved, they keep the program running for a while.
  taken.resolve();
});

mends('B8: a storage that gives nothing and says nothing holds nobody up', async (way) => {
  const shelf = storage();
  const server = await serve();
  shelf.held = server.login('ada');
  const { api } = install(way, server, {
    ...shelf.callbacks,
    getTokens: () => ((shelf.reads += 1) === 1 ? Promise.resolve(shelf.held) : new Promise(() => {})),
    refreshTimeout: 50,
  });
  await settled();
  server.expire();
  expect(await failure(api.get('/api/orders'))).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
});

mends('B12: a storage that cannot be read logs nobody out', async (way) => {
  const shelf = storage();
  const server = await serve();
  shelf.held = server.login('ada');
  const broken = new Error('the disk is gone');
  let isBroken = false;
  const { api, told } = install(way, server, {
    ...shelf.callbacks,
    getTokens: async () => {
      if (isBroken) throw broken;
      return shelf.held;
    },
    logout: async () => {},
  });
  await settled();
  server.expire();
  isBroken = true;
  expect(await failure(api.get('/api/orders'))).toBe(broken);
  isBroken = false;
  expect(
    await afterThePause(
      () => api.get('/api/orders'),
      (outcome) => outcome === broken,
    ),
  ).toBe(200);
  expect(told).not.toContain('logout');
});

mends('B18: a refresh token that is undefined or null in the result erases none', async (way) => {
  const server = await serve({ reuse: 'none' });
  const tokens = server.login('ada');
  const shelf = storage(tokens);
  const empty = [undefined, null];
  const { api } = install(way, server, {
    ...shelf.callbacks,
    refresh: async (refreshToken) => {
      const { accessToken } = await refreshAt(server)(refreshToken);
      return { accessToken, refreshToken: empty.shift() };
    },
  });
  await settled();
  for (let time = 0; time < 2; time += 1) {
    server.expire();
    expect((await api.get('/api/orders')).status).toBe(200);
    expect(shelf.held.refreshToken).toBe(tokens.refreshToken);
  }
});

mends(
  'B19: a first look at the storage that takes long puts no older token in place of a newer one',
  async (way) => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const before = shelf.held;
    const boot = deferred();
    const { api } = install(way, server, {
      ...shelf.callbacks,
      getTokens: () => ((shelf.reads += 1) === 1 ? boot.promise : Promise.resolve(shelf.held)),
      refreshTimeout: 100,
    });
    server.expire();
    expect((await api.get('/api/orders')).data.generation).toBe(1);
    boot.resolve(before);
    await settled();
    server.expire();
    await api.get('/api/orders');
    const generations = server.ledger.requests
      .map(({ generation }) => generation)
      .filter((each) => each !== null);
    expect(generations).toEqual([...generations].sort());
  },
);
