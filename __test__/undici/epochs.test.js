'use strict';

// A request of undici's carries only tokens of the login it was made under, also where an interceptor further out
// sends it again. Judged by whose token reached the server.

const { interceptors } = require('undici');
const { clientFor, closeServers, serve: serveHttp } = require('../requests/servers.js');
const { useHarness } = require('../support/harness.js');
const { ask, useDispatchers } = require('./dispatchers.js');

const { serve, client, track, collect } = useHarness();
const { through } = useDispatchers();
afterEach(closeServers);

const handler = { onRequestStart() {}, onResponseStart() {}, onResponseData() {} };
const LOGGED_OUT = { code: 'ERR_SESSION_LOST', reason: 'logged_out' };
const outcome = (promise) =>
  track(promise)
    .then(({ status }) => status)
    .catch((error) => collect(error));

describe.each([
  ['that everybody knows', (tokens) => ({ ...tokens, expiresAt: 1 })],
  ['that only the server knows', (tokens) => tokens],
])('another login during a rotation, after an expiry %s', (_who, seen) => {
  test('nothing of ada’s is sent with bob’s token', async () => {
    const server = await serve();
    const tokens = client(server, { tokens: seen(server.login('ada')) });
    const api = through(tokens);
    const as = (subject) =>
      outcome(ask(api, `${server.url}/api/orders`, { headers: { 'x-request-id': subject } }));
    server.expire();
    server.fault({ at: 'after-rotate', kind: 'hang' });
    const ada = Array.from({ length: 20 }, () => as('ada'));
    await server.waitFor(({ hanging }) => hanging === 1);
    while (tokens.stats().queued < ada.length) await new Promise(setImmediate);
    await track(tokens.setTokens(server.login('bob')));
    const bob = Array.from({ length: 20 }, () => as('bob'));
    expect(await Promise.all(bob)).toEqual(Array(20).fill(200));
    server.release();
    for (const found of await Promise.all(ada)) if (found !== 401) expect(found).toMatchObject(LOGGED_OUT);
    const strangers = server.ledger.requests.filter(
      ({ requestId, subject }) => subject !== null && subject !== requestId,
    );
    expect(strangers).toEqual([]);
  });
});

test('a login between the call and the sending', async () => {
  const server = await serveHttp();
  const tokens = clientFor(server, { tokens: { accessToken: 'ada' } });
  const before = outcome(ask(through(tokens), server.url));
  await tokens.setTokens({ accessToken: 'bob' });
  await before;
  for (const { headers } of server.seen) expect(headers.authorization).toBe('Bearer ada');
});

test('a handler that is used for many requests is not tied to the login of the first', async () => {
  const server = await serveHttp();
  const tokens = clientFor(server, { tokens: { accessToken: 'ada' } });
  const api = through(tokens);
  for (const name of ['ada', 'bob']) {
    await tokens.setTokens({ accessToken: name });
    await new Promise((resolve, reject) => {
      handler.onResponseEnd = resolve;
      handler.onResponseError = (_, error) => reject(error);
      api.dispatch({ origin: server.url, path: '/', method: 'GET' }, handler);
    });
  }
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer ada', 'Bearer bob']);
});

describe.each([
  ['redirect', 307, () => interceptors.redirect({ maxRedirections: 3 })],
  ['retry', 503, () => interceptors.retry({ minTimeout: 1 })],
])('undici’s %s outside of the token', (_name, status, interceptor) => {
  /** A server whose first answer comes after `meanwhile`. */
  async function sentTwice(meanwhile) {
    const server = await serveHttp(async (_, response) => {
      if (server.seen.length > 1) return response.end();
      await meanwhile(tokens);
      response.writeHead(status, { location: '/there' }).end();
    });
    const tokens = clientFor(server, { tokens: { accessToken: 'ada' } });
    const api = through(tokens, { outside: [interceptor()] });
    const found = await outcome(ask(api, server.url));
    return { found, carried: server.seen.map(({ headers }) => headers.authorization), api, server };
  }

  test('sends it again with the token', async () => {
    const { found, carried } = await sentTwice(() => {});
    expect(found).toBe(200);
    expect(carried).toEqual(['Bearer ada', 'Bearer ada']);
  });

  test('does not send it again with the token of another login', async () => {
    const { found, carried, api, server } = await sentTwice((tokens) =>
      tokens.setTokens({ accessToken: 'bob' }),
    );
    expect(found).toMatchObject(LOGGED_OUT);
    expect(carried).toEqual(['Bearer ada']);
    expect(await outcome(ask(api, server.url))).toBe(200);
    expect(server.seen.at(-1).headers.authorization).toBe('Bearer bob');
  });
});
