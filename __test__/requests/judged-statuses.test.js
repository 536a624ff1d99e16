'use strict';

// `judgedStatuses`: rotations that the status does not show. `replay: false`: requests that are sent once.

const undici = require('undici');
const { tokenInterceptor } = require('../../lib/undici.js');
const { clientFor, closeServers, failure, serve } = require('./servers.js');

afterEach(closeServers);

/** A server that takes the second token; to the first it says what `expired` does. And a client that begins with the first. */
async function start(expired, options) {
  const server = await serve((request, response) => {
    if (request.headers.authorization === 'Bearer first') return expired(response, request);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ for: request.url }));
  });
  const refresh = jest.fn(() => ({ accessToken: 'second', refreshToken: 'r2' }));
  const isSessionExpired = jest.fn(
    ({ status, data, headers }) =>
      status === 401 || data?.error === 'expired' || headers.get('location')?.includes('/login') === true,
  );
  const tokens = { accessToken: 'first', refreshToken: 'r1' };
  const client = clientFor(server, { tokens, refresh, isSessionExpired, ...options });
  return { server, client, refresh, isSessionExpired };
}

const inBody =
  (padding = '') =>
  (response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ error: 'expired', padding }));
  };

const toLogin =
  (location = '/login') =>
  (response) => {
    response.writeHead(302, { location }).end();
  };

describe('an expiry in a 2xx body', () => {
  test('rotates, once, if 200 is judged', async () => {
    const { client, refresh, server } = await start(inBody(), { judgedStatuses: [200] });
    const answer = await client.get('/orders');
    expect(await answer.json()).toEqual({ for: '/orders' });
    expect(answer).toMatchObject({ status: 200, replays: 1 });
    expect(refresh).toHaveBeenCalledTimes(1);
    expect(server.seen).toHaveLength(2);
  });

  test('is the caller’s, and nobody is asked, if 200 is not judged', async () => {
    const { client, refresh, isSessionExpired } = await start(inBody(), { judgedStatuses: [202] });
    expect(await (await client.get('/orders')).json()).toMatchObject({ error: 'expired' });
    expect(refresh).not.toHaveBeenCalled();
    expect(isSessionExpired).not.toHaveBeenCalled();
  });

  test('is seen in a body of a megabyte, of unknown length, whose parts come late', async () => {
    const part = JSON.stringify({ error: 'expired', padding: 'x'.repeat(1_000_000) });
    const slowly = (response) => {
      response.setHeader('content-type', 'application/json');
      response.write(part.slice(0, 10));
      // After more than the 5 ms for which an answer waits for a body that nobody judges.
      setTimeout(() => response.end(part.slice(10)), 50);
    };
    const { client } = await start(slowly, { judgedStatuses: [200] });
    expect(await client.get('/orders')).toMatchObject({ status: 200, replays: 1 });
  });

  test('a larger body is delivered whole, and judged without its data', async () => {
    const { client, isSessionExpired } = await start(inBody('x'.repeat(2_000_000)), {
      judgedStatuses: [200],
    });
    const answer = await client.get('/orders');
    expect((await answer.json()).padding).toHaveLength(2_000_000);
    expect(isSessionExpired.mock.calls).toEqual([
      [expect.objectContaining({ status: 200, data: undefined })],
    ]);
  });

  test('an event stream is delivered at its first event', async () => {
    const events = (response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.write('data: 1\n\n');
    };
    const { client, isSessionExpired } = await start(events, { judgedStatuses: [200] });
    const { body } = await client.get('/events');
    const reader = body.getReader();
    expect(Buffer.from((await reader.read()).value).toString()).toBe('data: 1\n\n');
    await reader.cancel();
    expect(isSessionExpired).toHaveBeenCalledTimes(1);
  });

  test('client.fetch is judged too', async () => {
    const { client, refresh } = await start(inBody(), { judgedStatuses: [200] });
    expect(await (await client.fetch('/orders')).json()).toEqual({ for: '/orders' });
    expect(refresh).toHaveBeenCalledTimes(1);
  });

  test('a request with skipAuthRefresh is not judged', async () => {
    const { client, isSessionExpired } = await start(inBody(), { judgedStatuses: [200] });
    expect(await client.get('/orders', { skipAuthRefresh: true })).toMatchObject({ status: 200 });
    expect(isSessionExpired).not.toHaveBeenCalled();
  });
});

describe('a redirect to a login page', () => {
  test.each(['same-origin', 'follow', 'error', 'manual'])('rotates in mode %s', async (redirect) => {
    const { client, server } = await start(toLogin(), { judgedStatuses: [302], redirect });
    const answer = await client.get('/orders');
    expect(answer).toMatchObject({ status: 200, replays: 1, redirected: false });
    expect(server.seen.map(({ url }) => url)).toEqual(['/orders', '/orders']);
  });

  test('at another origin is judged before the redirect is refused', async () => {
    const other = await serve();
    const { client } = await start(toLogin(`${other.url}/login`), { judgedStatuses: [302] });
    expect(await client.get('/orders')).toMatchObject({ status: 200, replays: 1 });
    expect(other.seen).toEqual([]);
  });

  test('another redirect with the same status is followed, and its target is judged', async () => {
    const hops = (response, { url }) => {
      if (url === '/moved') return inBody()(response);
      toLogin('/moved')(response);
    };
    const { client, server } = await start(hops, { judgedStatuses: [200, 302] });
    expect(await (await client.get('/orders')).json()).toEqual({ for: '/orders' });
    expect(server.seen.map(({ url }) => url)).toEqual(['/orders', '/moved', '/orders']);
  });

  test('redirects that nobody objects to are still limited, and still refused', async () => {
    const { client, server } = await start(toLogin('/round'), { judgedStatuses: [302] });
    expect((await failure(client.get('/orders'))).code).toBe('ERR_REDIRECT');
    expect(server.seen).toHaveLength(21);
    const other = await serve();
    const away = await start(toLogin(`${other.url}/elsewhere`), { judgedStatuses: [302] });
    expect((await failure(away.client.get('/orders'))).code).toBe('ERR_REDIRECT');
    expect(other.seen).toEqual([]);
  });
});

describe('replay: false', () => {
  const expired = (response) => response.writeHead(401).end();

  test.each([
    ['of the request', {}, { replay: false }],
    ['of the client', { replay: false }, undefined],
  ])('%s: one sending, one rotation, and the 401 is the caller’s', async (_, options, own) => {
    const { client, refresh, server } = await start(expired, options);
    expect(await client.post('/orders', { id: 1 }, own)).toMatchObject({ status: 401, replays: 0 });
    expect(server.seen).toHaveLength(1);
    expect(refresh).toHaveBeenCalledTimes(1);
    expect(await client.post('/orders', { id: 1 }, own)).toMatchObject({ status: 200, replays: 0 });
  });

  test('the request’s own word counts', async () => {
    const { client } = await start(expired, { replay: false });
    expect(await client.get('/orders', { replay: true })).toMatchObject({ status: 200, replays: 1 });
  });

  test('a rotation that fails leaves the caller the 401', async () => {
    const refresh = () => {
      throw Object.assign(new Error('refused'), { error: 'invalid_grant' });
    };
    const { client } = await start(expired, { refresh, replay: false });
    expect(await client.get('/orders')).toMatchObject({ status: 401 });
    expect((await failure(client.get('/orders'))).code).toBe('ERR_SESSION_LOST');
  });

  test('of the client: undici’s requests are sent once too', async () => {
    const { client, refresh, server } = await start(expired, { replay: false });
    const dispatcher = new undici.Agent().compose(tokenInterceptor(client));
    const { statusCode, body } = await undici.request(`${server.url}/orders`, { dispatcher });
    await body.dump();
    expect(statusCode).toBe(401);
    expect(server.seen).toHaveLength(1);
    expect(refresh).toHaveBeenCalledTimes(1);
    await dispatcher.close();
  });
});

test.each([
  [{ judgedStatuses: 200, isSessionExpired: () => true }],
  [{ judgedStatuses: [401], isSessionExpired: () => true }],
  [{ judgedStatuses: ['200'], isSessionExpired: () => true }],
  [{ judgedStatuses: [200] }],
  [{ replay: 'no' }],
])('refused: %j', (options) => {
  expect(() => clientFor(undefined, options)).toThrow(/judgedStatuses|replay/);
});
