'use strict';

// What a request fails with when no token can be had, and what it takes down with it: nothing.

const { RefreshError, SessionLostError, TokenRotatorError } = require('../../index.js');
const { clientFor, closeServers, freePort, serve: serveHttp } = require('../requests/servers.js');
const { useHarness } = require('../support/harness.js');
const { ask, record, useDispatchers } = require('./dispatchers.js');

const { serve, client, track, collect } = useHarness();
const { through } = useDispatchers();
afterEach(closeServers);

const failure = (promise) =>
  track(promise)
    .then(() => 'no rejection')
    .catch((error) => collect(error));
const KNOWLEDGE = [
  ['expired as everybody knows', (tokens) => ({ ...tokens, expiresAt: 1 })],
  ['expired as only the server knows', (tokens) => tokens],
];

describe.each(KNOWLEDGE)('with a token %s', (_who, seen) => {
  test('a refresh that fails: the client’s typed error, the same for all', async () => {
    const server = await serve();
    const cause = new Error('the authorization server is down');
    const tokens = seen(server.login('ada'));
    const refresh = () => Promise.reject(cause);
    const api = through(client(server, { tokens, refresh, maxRetries: 0 }));
    server.expire();
    const url = `${server.url}/api/orders`;
    const errors = await Promise.all(Array.from({ length: 20 }, () => failure(ask(api, url))));
    for (const error of errors) {
      expect(error).toBeInstanceOf(RefreshError);
      expect(error).toMatchObject({ code: 'ERR_REFRESH_FAILED', sessionLost: false });
      expect(error.cause).toBe(cause);
    }
    expect(await failure(ask(api, url, { method: 'POST', body: 'x' }))).toBeInstanceOf(RefreshError);
  });

  test('a session that ended: SessionLostError, and no further refresh', async () => {
    const server = await serve();
    const api = through(client(server, { tokens: seen(server.login('ada')) }));
    server.revoke();
    const url = `${server.url}/api/orders`;
    const errors = await Promise.all(Array.from({ length: 20 }, () => failure(ask(api, url))));
    for (const error of errors) expect(error).toBeInstanceOf(SessionLostError);
    const asked = server.ledger.counts.tokenRequests;
    expect(await failure(ask(api, url))).toBeInstanceOf(SessionLostError);
    expect(server.ledger.counts.tokenRequests).toBe(asked);
  });

  test('a body that was used up does not hide a refresh that failed', async () => {
    const server = await serve();
    const tokens = seen(server.login('ada'));
    const refresh = () => Promise.reject(new Error('down'));
    const api = through(client(server, { tokens, refresh, maxRetries: 0 }));
    server.expire();
    const body = (async function* () {
      yield 'once';
    })();
    const sent = ask(api, `${server.url}/api/orders`, { method: 'POST', body });
    expect(await failure(sent)).toBeInstanceOf(RefreshError);
  });

  test('a client that is closed meanwhile', async () => {
    const server = await serve();
    const tokens = client(server, { tokens: seen(server.login('ada')) });
    server.expire();
    server.fault({ at: 'before-rotate', kind: 'hang' });
    const waiting = failure(ask(through(tokens), `${server.url}/api/orders`));
    await server.waitFor(({ hanging }) => hanging === 1);
    const closed = track(tokens.close());
    expect(await waiting).toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
    server.release();
    await closed;
    expect(await failure(ask(through(tokens), `${server.url}/api/orders`))).toMatchObject({
      code: 'ERR_CLIENT_CLOSED',
    });
  });

  test('more requests than may wait', async () => {
    const server = await serve();
    const tokens = client(server, { tokens: seen(server.login('ada')), queue: { max: 5 } });
    const api = through(tokens);
    server.expire();
    server.fault({ at: 'before-rotate', kind: 'hang' });
    const all = Array.from({ length: 8 }, () => failure(ask(api, `${server.url}/api/orders`)));
    let refused = 0;
    const three = new Promise((resolve) => {
      for (const one of all) one.then(() => (refused += 1) === 3 && resolve());
    });
    await Promise.all([three, server.waitFor(({ hanging }) => hanging === 1)]);
    server.release();
    const codes = (await Promise.all(all)).map((error) => error.code ?? 'none');
    expect(codes.sort()).toEqual([...Array(3).fill('ERR_QUEUE_FULL'), ...Array(5).fill('none')]);
  });
});

test('a call from inside refresh: ERR_REENTRANT_CALL rather than a deadlock', async () => {
  const server = await serveHttp((_, response) => response.writeHead(401).end());
  let inside;
  const tokens = clientFor(server, {
    refresh: () => {
      inside = ask(api, server.url).catch((error) => error);
      return { accessToken: 'second' };
    },
  });
  const api = through(tokens);
  await ask(api, server.url);
  const error = await inside;
  expect(error).toBeInstanceOf(TokenRotatorError);
  expect(error).toMatchObject({ code: 'ERR_REENTRANT_CALL' });
});

test('an error of undici’s own is passed on, and rotates nothing', async () => {
  const port = await freePort();
  const tokens = clientFor({ url: `http://127.0.0.1:${port}` });
  await expect(ask(through(tokens), `http://127.0.0.1:${port}`)).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
});

test('a dispatcher that is closed while its request waits', async () => {
  const server = await serve();
  const tokens = client(server, { tokens: { ...server.login('ada'), expiresAt: 1 } });
  const api = through(tokens);
  server.fault({ at: 'before-rotate', kind: 'hang' });
  const waiting = failure(ask(api, `${server.url}/api/orders`));
  await server.waitFor(({ hanging }) => hanging === 1);
  await api.close();
  server.release();
  expect((await waiting).code).toMatch(/^UND_ERR_(CLOSED|DESTROYED)$/);
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, apiRequests: 0 });
});

test('options that are none', async () => {
  const server = await serveHttp();
  const calls = await record(through(clientFor(server)), { origin: server.url, path: 7 }).ended;
  expect(calls.at(-1)).toEqual(['onResponseError', expect.objectContaining({ code: 'UND_ERR_INVALID_ARG' })]);
});
