'use strict';

// Rows T11 to T17 and T20 of token-refresh's behaviour: which callbacks are called, how often and in which order.

const { expired, settled, straying, until } = require('./support/turns.js');
const { deferred, failure, outcomes, refreshAt, storage, useWorld } = require('./support/world.js');
const { WAYS } = require('./support/ways.js');

const { serve, install } = useWorld();

const header = (api) => api.defaults.headers.common.Authorization;

describe.each(WAYS)('%s', (_name, way) => {
  /** Three requests on an expired token, and callbacks that note what they see. */
  async function storm(server, options = {}, requests = 3) {
    const tokens = server.login('ada');
    const shelf = storage(tokens);
    const steps = [];
    const rejected = [];
    const world = { steps, shelf, tokens, rejected };
    const note = (step) => steps.push(step);
    const installed = install(way, server, {
      ...shelf.callbacks,
      isSessionExpired: ({ status, error }) => {
        if (status === 401) rejected.push(error.config.headers.get('x-request-id'));
        return status === 401;
      },
      onBeforeRefresh: () => note('onBeforeRefresh'),
      refresh: async (refreshToken) => {
        note('refresh');
        await expired(world.told, requests);
        return refreshAt(server)(refreshToken);
      },
      setTokens: async (next) => {
        note(header(world.api) === `Bearer ${next.accessToken}` ? 'setTokens, header set' : 'setTokens');
        await shelf.callbacks.setTokens(next);
      },
      onRefreshed: () => note('onRefreshed'),
      onRefreshFailed: () => note('onRefreshFailed'),
      logout: async () => note(header(world.api) === undefined ? 'logout, header gone' : 'logout'),
      logger: { debug() {}, error: () => note('logger.error') },
      ...options,
    });
    Object.assign(world, installed);
    await settled();
    await installed.api.get('/api/orders');
    way.library.setAuthHeaders(installed.api, tokens.accessToken);
    server.expire();
    return world;
  }

  const send = ({ api, steps }, ids) =>
    ids.map((id) =>
      api.get('/api/orders', { headers: { 'x-request-id': id } }).finally(() => steps.push(`answer ${id}`)),
    );

  test('T11: onBeforeRefresh is called once for each refresh, before it', async () => {
    const server = await serve();
    const world = await storm(server);
    await outcomes(send(world, ['a', 'b', 'c']));
    expect(world.steps.filter((step) => /efresh$/.test(step))).toEqual(['onBeforeRefresh', 'refresh']);
  });

  test('T12: onRefreshed gets the merged tokens, after they were stored and before any replay', async () => {
    const server = await serve();
    const seen = [];
    const world = await storm(server, {
      onRefreshed: (tokens) => seen.push([tokens, world.shelf.held, server.ledger.counts.apiRequests]),
    });
    const sentBefore = server.ledger.counts.apiRequests + 3;
    await outcomes(send(world, ['a', 'b', 'c']));
    expect(seen).toEqual([[world.shelf.held, world.shelf.held, sentBefore]]);
    expect(world.shelf.held).toEqual({
      ...world.tokens,
      accessToken: expect.any(String),
      refreshToken: expect.any(String),
    });
  });

  test('T13: onRefreshFailed is called once for a refresh that failed, with its error', async () => {
    const server = await serve();
    const failed = [];
    const world = await storm(server, { onRefreshFailed: (error) => failed.push(error) });
    server.fault({ at: 'before-rotate', kind: 'status', status: 503 });
    let errors;
    await straying(async () => (errors = await outcomes(send(world, ['a', 'b', 'c']))));
    expect(failed).toEqual([errors[0]]);
    expect(errors[0].response.status).toBe(503);
  });

  test('T14: the order when a refresh works', async () => {
    const server = await serve();
    const world = await storm(server);
    await outcomes(send(world, ['a', 'b', 'c']));
    expect(world.steps.slice(0, 4)).toEqual([
      'onBeforeRefresh',
      'refresh',
      'setTokens, header set',
      'onRefreshed',
    ]);
    expect(world.steps.slice(4).sort()).toEqual(['answer a', 'answer b', 'answer c']);
  });

  test('T15: the order when the session is lost; who began the refresh waits for logout, the others do not', async () => {
    const server = await serve();
    const left = deferred();
    const world = await storm(server, {
      logout: () => {
        world.steps.push(header(world.api) === undefined ? 'logout, header gone' : 'logout');
        return left.promise;
      },
    });
    server.revoke();
    let errors;
    await straying(async () => {
      const answers = outcomes(send(world, ['a', 'b', 'c']));
      await until(() => world.steps.filter((step) => step.startsWith('answer')).length === 2);
      await settled();
      world.steps.push('logout ends');
      left.resolve();
      errors = await answers;
    });
    const [leader, ...followers] = world.rejected;
    expect(world.steps).toEqual([
      'onBeforeRefresh',
      'refresh',
      'logger.error',
      'onRefreshFailed',
      'logout, header gone',
      ...followers.map((id) => `answer ${id}`),
      'logout ends',
      `answer ${leader}`,
    ]);
    expect(errors[0].response.status).toBe(400);
    expect(new Set(errors).size).toBe(1);
  });

  test('T16: the order when a refresh fails and may work the next time; nothing is forgotten', async () => {
    const server = await serve();
    const world = await storm(server);
    server.fault({ at: 'before-rotate', kind: 'status', status: 503 });
    await straying(() => outcomes(send(world, ['a', 'b', 'c'])));
    expect(world.steps.slice(0, 4)).toEqual([
      'onBeforeRefresh',
      'refresh',
      'logger.error',
      'onRefreshFailed',
    ]);
    expect(world.steps.slice(4).sort()).toEqual(['answer a', 'answer b', 'answer c']);
    expect(header(world.api)).toBe(`Bearer ${world.tokens.accessToken}`);
    const { data } = await world.api.get('/public/echo');
    expect(data.headers.authorization).toBe(`Bearer ${world.tokens.accessToken}`);
    expect(world.shelf.held).toEqual(world.tokens);
  });

  test('T16: nor is the token that only the interceptor has', async () => {
    const server = await serve();
    const tokens = server.login('ada');
    const { api } = install(way, server, storage(tokens).callbacks);
    await settled();
    server.expire();
    server.fault({ at: 'before-rotate', kind: 'status', status: 503 });
    await straying(() => failure(api.get('/api/orders')));
    const { data } = await api.get('/public/echo');
    expect(data.headers.authorization).toBe(`Bearer ${tokens.accessToken}`);
  });

  test('T17: maxRetries counts refreshes in a row; the next 401 after them ends the session with that 401', async () => {
    const server = await serve();
    const failed = [];
    const world = await storm(server, { maxRetries: 1, onRefreshFailed: (error) => failed.push(error) }, 1);
    server.fault({ at: 'before-rotate', kind: 'status', status: 503, times: Infinity });
    await straying(async () => {
      expect((await failure(world.api.get('/api/orders'))).response.status).toBe(503);
      expect(world.steps).not.toContain('logout, header gone');
      // Here a pause comes after the refresh, in which its error is everybody's.
      let error;
      do error = await failure(world.api.get('/api/orders'));
      while (error.response.status === 503);
      expect(error.response.status).toBe(401);
      expect(failed.length).toBe(2);
      expect(failed[1]).toBe(error);
    });
    expect(server.ledger.counts.tokenRequests).toBe(1);
    expect(world.steps).toContain('logout, header gone');
  });

  test('T17: a refresh that works begins the count anew', async () => {
    const server = await serve();
    const world = await storm(server, { maxRetries: 1 }, 1);
    for (let time = 0; time < 3; time += 1) {
      server.expire();
      expect((await world.api.get('/api/orders')).status).toBe(200);
    }
    expect(server.ledger.counts.refreshes).toBe(3);
  });

  test('T17: maxRetries 0 never refreshes: every 401 ends the session', async () => {
    const server = await serve();
    const world = await storm(server, { maxRetries: 0 });
    await straying(async () => {
      const error = await failure(world.api.get('/api/orders'));
      expect(error.response.status).toBe(401);
    });
    expect(world.steps.filter((step) => step !== 'logger.error')).toEqual([
      'onRefreshFailed',
      'logout, header gone',
    ]);
    expect(server.ledger.counts.tokenRequests).toBe(0);
  });
});
