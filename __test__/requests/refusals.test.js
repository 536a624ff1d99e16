'use strict';

// 401s that a new token does not cure: endpoints that refuse what others accept, and tokens that are too new.

const axios = require('axios');
const undici = require('undici');
const { installAuthRefresh } = require('../../lib/axios.js');
const { tokenInterceptor } = require('../../lib/undici.js');
const { useHarness } = require('../support/harness.js');
const { refreshAt } = require('../support/refresh.js');

const { serve, client, track, secret } = useHarness();

/** Each returns a function that sends a request to a path and resolves to its status. */
const WAYS = {
  client: (server) => {
    const api = client(server, { tokens: server.login('ada') });
    return (path, method = 'GET') => track(api.request(path, { method })).then(({ status }) => status);
  },
  undici: (server) => {
    const tokens = client(server, { tokens: server.login('ada') });
    const dispatcher = new undici.Agent().compose(tokenInterceptor(tokens));
    return async (path, method = 'GET') => {
      const { statusCode, body } = await track(undici.request(server.url + path, { method, dispatcher }));
      await body.dump();
      return statusCode;
    };
  },
  axios: (server) => {
    let stored = server.login('ada');
    const api = axios.create({ baseURL: server.url, validateStatus: (status) => status !== 401 });
    const refreshed = refreshAt(server.tokenEndpoint, ({ access_token, refresh_token }) =>
      [access_token, refresh_token].map(secret),
    );
    installAuthRefresh(api, {
      refresh: async (token) => {
        const { access_token, refresh_token } = await refreshed(token, {});
        return { accessToken: access_token, refreshToken: refresh_token };
      },
      getTokens: () => stored,
      setTokens: (tokens) => (stored = tokens),
    });
    return (url, method = 'GET') =>
      track(
        api.request({ url, method }).then(
          ({ status }) => status,
          ({ response }) => response.status,
        ),
      );
  },
};
const ways = Object.keys(WAYS);

test.each(ways)('a missing scope refreshes nothing: %s', async (way) => {
  const server = await serve();
  const send = WAYS[way](server);
  server.forbid('/api/admin', { error: 'insufficient_scope' });
  for (let at = 0; at < 15; at += 1) expect(await send('/api/admin')).toBe(401);
  expect(server.ledger.counts).toMatchObject({ tokenRequests: 0, apiRequests: 15 });
});

test.each(ways)('an endpoint that refuses every token costs one refresh: %s', async (way) => {
  const server = await serve();
  const send = WAYS[way](server);
  server.forbid('/api/admin');
  for (let at = 0; at < 15; at += 1) {
    expect(await send('/api/orders')).toBe(200);
    expect(await send(`/api/admin/${at}`)).toBe(401);
  }
  expect(server.ledger.counts).toMatchObject({ refreshes: 1 });

  server.expire();
  expect(await send('/api/orders')).toBe(200);
  expect(server.ledger.counts).toMatchObject({ refreshes: 2, expiries: 1 });
});

test.each(ways)('a method that is forbidden says nothing about another one: %s', async (way) => {
  const server = await serve();
  const send = WAYS[way](server);
  expect(await send('/api/orders')).toBe(200);
  server.forbid('/api/orders');
  expect(await send('/api/orders', 'DELETE')).toBe(401);
  expect(server.ledger.counts.refreshes).toBe(1);
});

test.each(ways)('fifteen endpoints that refuse every token cost three refreshes: %s', async (way) => {
  const server = await serve();
  const send = WAYS[way](server);
  for (const letter of 'abcdefghijklmno') {
    server.forbid(`/api/${letter}`);
    // Another endpoint accepts each new token at once.
    const refused = send(`/api/${letter}`);
    while ((await Promise.race([refused, send('/api/orders')])) === 200);
    expect(await refused).toBe(401);
  }
  expect(server.ledger.counts.refreshes).toBeLessThanOrEqual(4);
  const { refreshes } = server.ledger.counts;
  server.expire();
  expect(await send('/api/orders')).toBe(200);
  expect(server.ledger.counts.refreshes).toBe(refreshes + 1);
});

test.each(['client', 'undici'])('a token that is not known yet is sent again: %s', async (way) => {
  const server = await serve({ validAfter: 300 });
  const send = WAYS[way](server);
  server.expire();
  expect(await Promise.all([1, 2, 3].map(() => send('/api/orders', 'POST')))).toEqual([200, 200, 200]);
  expect(server.ledger.counts.refreshes).toBe(1);
});

test('a token that is not known in time is the caller’s 401, and no second refresh', async () => {
  const server = await serve({ validAfter: 60_000 });
  const api = client(server, { tokens: server.login('ada') });
  server.expire();
  const { status, replays } = await track(api.get('/api/orders', { timeout: 1_000 }));
  expect({ status, replays }).toEqual({ status: 401, replays: 1 });
  expect(server.ledger.counts.refreshes).toBe(1);
  server.advance(60_000);
  expect((await track(api.get('/api/orders'))).status).toBe(200);
});

test('a stream that is used up is not sent again for a token that is not known yet', async () => {
  const server = await serve({ validAfter: 60_000 });
  const api = client(server, { tokens: server.login('ada') });
  await track(api.rotate());
  const body = new Blob(['once']).stream();
  const answer = await track(api.post('/api/orders', body, { timeout: 1_000 }));
  expect(answer).toMatchObject({
    status: 401,
    attempts: 1,
    replayError: { code: 'ERR_BODY_NOT_REPLAYABLE' },
  });
});
