'use strict';

// However many requests of undici's meet an expired token, it is refreshed once, and all of them are answered.

const { fetch } = require('undici');
const { clientFor, closeServers, serve: serveHttp } = require('../requests/servers.js');
const { useHarness } = require('../support/harness.js');
const { ask, useDispatchers } = require('./dispatchers.js');

const { serve, client, store, track } = useHarness();
const { through } = useDispatchers();
afterEach(closeServers);

const WAYS = {
  GET: (api, url) => ask(api, url).then(({ status }) => status),
  POST: (api, url) => ask(api, url, { method: 'POST', body: 'order' }).then(({ status }) => status),
  fetch: async (dispatcher, url) => {
    const response = await fetch(url, { dispatcher, method: 'POST', body: 'order' });
    await response.text();
    return response.status;
  },
};

test.each([
  ['sync', 0],
  ['0-2 ms', [0, 5]],
])('25 expiries under 100 requests each: store %s, token endpoint %j ms', async (latency, answer) => {
  const server = await serve({ latency: answer });
  const shelf = store(latency, server.login('ada'));
  const api = through(client(server, shelf.callbacks));
  const send = Object.values(WAYS);
  for (let expiry = 1; expiry <= 25; expiry += 1) {
    server.expire();
    const url = `${server.url}/api/orders`;
    const requests = Array.from({ length: 100 }, (_, i) => track(send[i % send.length](api, url)));
    expect(await Promise.all(requests)).toEqual(Array(100).fill(200));
    expect(server.ledger.counts).toMatchObject({ expiries: expiry, refreshes: expiry, reuses: 0 });
  }
  expect(server.ledger.lost).toEqual([]);
});

test('a token that is known to be expired is refreshed before anything is sent', async () => {
  const server = await serve();
  const api = through(client(server, { tokens: { ...server.login('ada'), expiresAt: 1 } }));
  const requests = Array.from({ length: 50 }, () => track(WAYS.GET(api, `${server.url}/api/orders`)));
  expect(await Promise.all(requests)).toEqual(Array(50).fill(200));
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, rejected: 0, apiRequests: 50 });
});

test('the client’s own requests, other dispatchers and a late 401 share the one rotation', async () => {
  const server = await serve();
  const tokens = client(server, { tokens: server.login('ada') });
  const [one, other] = [through(tokens), through(tokens)];
  const url = `${server.url}/api/orders`;
  server.expire();
  // Its 401 comes when the rotation is over.
  server.fault({ at: 'api', kind: 'hang' });
  const late = track(WAYS.GET(one, url));
  await server.waitFor(({ hanging }) => hanging === 1);
  const statuses = await Promise.all([
    track(tokens.get('/api/orders')).then(({ status }) => status),
    ...Array.from({ length: 20 }, (_, i) => track(WAYS.GET(i % 2 ? one : other, url))),
  ]);
  expect(statuses).toEqual(Array(21).fill(200));
  server.release();
  expect(await late).toBe(200);
  expect(server.ledger.counts).toMatchObject({ expiries: 1, refreshes: 1 });
});

test('sessions of one client have tokens of their own', async () => {
  const server = await serve();
  const shelf = store('sync', null);
  for (const name of ['ada', 'bob']) shelf.put(server.login(name), name);
  const tokens = client(server, shelf.callbacks);
  server.expire('bob');
  const subjects = await Promise.all(
    ['ada', 'bob'].map(async (name) => {
      const { text } = await track(ask(through(tokens.session(name)), `${server.url}/api/orders`));
      return JSON.parse(text).subject;
    }),
  );
  expect(subjects).toEqual(['ada', 'bob']);
  expect(server.ledger.counts.refreshes).toBe(1);
});

test('a request is sent with one new token, and the last answer is the caller’s', async () => {
  let refreshes = 0;
  const server = await serveHttp((request, response) => {
    response.statusCode = 401;
    response.end(`no, ${request.headers.authorization}`);
  });
  const api = through(clientFor(server, { refresh: () => ({ accessToken: `new-${(refreshes += 1)}` }) }));
  const { status, text, tokenRotator } = await ask(api, server.url);
  expect({ status, text, refreshes }).toEqual({ status: 401, text: 'no, Bearer new-1', refreshes: 1 });
  expect(tokenRotator).toEqual({ attempts: server.seen.length, replays: 1, replayError: undefined });
});

test('a request is sent twice at most while the tokens are good for others', async () => {
  let count = 0;
  const server = await serveHttp((request, response) => {
    response.statusCode = request.url === '/never' ? 401 : 200;
    if (request.url !== '/never') return response.end();
    // The new token is taken elsewhere before it is refused here.
    ask(api, `${server.url}/other`).then(() => response.end());
  });
  const api = through(clientFor(server, { refresh: () => ({ accessToken: `new-${(count += 1)}` }) }));
  expect(await ask(api, `${server.url}/never`)).toMatchObject({ status: 401 });
  expect(server.seen.filter(({ url }) => url === '/never')).toHaveLength(2);
  expect(count).toBe(1);
});

test('the header is the client’s: its name and its format', async () => {
  const server = await serveHttp((request, response) => {
    response.statusCode = request.headers['x-api-key'] === 'key second' ? 200 : 401;
    response.end();
  });
  const tokens = clientFor(server, {
    header: { name: 'X-Api-Key', format: (token) => `key ${token}` },
    refresh: () => ({ accessToken: 'second' }),
  });
  const { status } = await ask(through(tokens), server.url, { headers: { authorization: 'of the caller' } });
  expect(status).toBe(200);
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(Array(2).fill('of the caller'));
});
