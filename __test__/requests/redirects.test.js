'use strict';

const { createHash, randomBytes } = require('node:crypto');
const { QUERY, TOKEN, clientFor, closeServers, failure, serve, serveExpired } = require('./servers.js');

afterEach(closeServers);

const OWN = {
  'x-api-key': 'own-marker',
  cookie: 'own-marker',
  'proxy-authorization': 'own-marker',
  accept: 'text/csv',
};
const SECRETS = [TOKEN, 'own-marker', QUERY];

/** A server that redirects /to?LOCATION there, with /STATUS in front if it is not 302. */
const serveRedirects = () =>
  serve((request, response) => {
    const [, status, location] = /^\/(\d+)\?(.*)$/.exec(request.url) ?? [];
    if (status === undefined) return response.end('arrived');
    response.writeHead(Number(status), { location: decodeURIComponent(location) }).end('moved');
  });
const to = (location, status = 302) => `/${status}?${encodeURIComponent(location)}`;
const leaked = ({ seen }) =>
  SECRETS.filter((secret) =>
    JSON.stringify(seen.map(({ rawHeaders, url, body }) => [rawHeaders, url, String(body)])).includes(secret),
  );

describe('same-origin, the default', () => {
  test('is followed with the token and all headers', async () => {
    const server = await serveRedirects();
    const response = await clientFor(server).get(to('/there?b=2#part'), { headers: OWN });
    expect(response).toMatchObject({ status: 200, redirected: true, attempts: 1 });
    expect(response.url.replace(/#.*/, '')).toBe(`${server.url}/there?b=2`);
    expect(await response.text()).toBe('arrived');
    expect(server.seen[1]).toMatchObject({
      url: '/there?b=2',
      headers: { ...OWN, authorization: `Bearer ${TOKEN}` },
    });
  });

  test.each([
    ['another port', (foreign) => foreign.url],
    ['//host', (foreign) => `//127.0.0.1:${foreign.port}/`],
    ['backslashes', (foreign) => `\\\\127.0.0.1:${foreign.port}/`],
    ['another name of the host', (foreign) => `http://localhost:${foreign.port}/`],
  ])('%s is ERR_REDIRECT, and nothing is sent there', async (_name, write) => {
    const [home, foreign] = [await serveRedirects(), await serve()];
    const error = await failure(clientFor(home).get(to(write(foreign)), { headers: OWN }));
    expect(error).toMatchObject({ name: 'TokenRotatorError', code: 'ERR_REDIRECT', retryable: false });
    expect(error.message).toContain(String(foreign.port));
    expect(foreign.sockets.size).toBe(0);
  });

  test('an allowed origin is another one still', async () => {
    const [home, second] = [await serveRedirects(), await serve()];
    const client = clientFor(home, { allowedOrigins: [second.url] });
    expect(await failure(client.get(to(second.url)))).toMatchObject({ code: 'ERR_REDIRECT' });
    expect(second.seen).toEqual([]);
  });

  test('a token that expired at the end of the way is rotated, and the way gone again', async () => {
    const { server, client } = await serveExpired((request, response) => {
      if (request.url === '/from') return response.writeHead(302, { location: '/end' }).end();
      response.end();
    });
    expect(await client.get('/from')).toMatchObject({
      status: 200,
      attempts: 2,
      replays: 1,
      redirected: true,
    });
    expect(server.seen.map(({ url, headers }) => `${url} ${headers.authorization}`)).toEqual([
      '/from Bearer first',
      '/end Bearer first',
      '/from Bearer second',
      '/end Bearer second',
    ]);
  });
});

describe('follow', () => {
  test('leaves the token and every header of yours behind', async () => {
    const [home, foreign] = [await serveRedirects(), await serve()];
    const client = clientFor(home, { redirect: 'follow', headers: { 'x-default': 'own-marker' } });
    const response = await client.get(to(`${foreign.url}/x`), { headers: OWN });
    expect(response).toMatchObject({ status: 200, redirected: true, url: `${foreign.url}/x` });
    expect(leaked(home)).toEqual([TOKEN, 'own-marker']);
    expect(leaked(foreign)).toEqual([]);
    expect(Object.keys(foreign.seen[0].headers).sort()).toEqual([
      'accept',
      'accept-encoding',
      'host',
      'user-agent',
    ]);
  });

  test('leaves a token behind whatever its header is called', async () => {
    const [home, foreign] = [await serveRedirects(), await serve()];
    for (const name of ['x-token', 'accept-language', 'content-token', 'user-agent']) {
      await clientFor(home, { redirect: 'follow', header: { name } }).get(to(foreign.url));
    }
    expect(foreign.seen).toHaveLength(4);
    expect(leaked(foreign)).toEqual([]);
  });

  test('does not take them up again on the way back', async () => {
    const [home, foreign] = [await serveRedirects(), await serveRedirects()];
    const back = foreign.url + to(`${home.url}/home`);
    const response = await clientFor(home).get(to(back), { redirect: 'follow', headers: OWN });
    expect(response).toMatchObject({ status: 200, url: `${home.url}/home` });
    expect(home.seen).toHaveLength(2);
    expect(leaked({ seen: home.seen.slice(1) })).toEqual([]);
    expect(leaked(foreign)).toEqual([]);
  });

  test('sends no referer', async () => {
    const [home, foreign] = [await serveRedirects(), await serve()];
    await clientFor(home).get(to('/x'), { redirect: 'follow' });
    await clientFor(home).get(to(foreign.url), { redirect: 'follow' });
    for (const { headers } of [...home.seen, ...foreign.seen]) expect(headers).not.toHaveProperty('referer');
  });

  test('a 401 from another origin rotates nothing', async () => {
    const foreign = await serve((_request, response) => response.writeHead(401).end());
    const home = await serveRedirects();
    const refresh = jest.fn(() => ({ accessToken: 'second' }));
    const client = clientFor(home, { refresh, tokens: { accessToken: TOKEN, refreshToken: 'r' } });
    expect(await client.get(to(foreign.url), { redirect: 'follow' })).toMatchObject({
      status: 401,
      replays: 0,
    });
    expect(refresh).not.toHaveBeenCalled();
  });

  test.each([
    ['plain http beyond loopback', 'http://far.invalid/', 'ERR_INSECURE_TRANSPORT'],
    ['a password', 'http://user:pass@127.0.0.1:9/', 'ERR_REDIRECT'],
    ['another scheme', 'file:///etc/passwd', 'ERR_REDIRECT'],
    ['no URL', 'http://', 'ERR_REDIRECT'],
  ])('does not go to %s', async (_name, location, code) => {
    const home = await serveRedirects();
    const error = await failure(clientFor(home, { redirect: 'follow' }).get(to(location)));
    expect(error).toMatchObject({ code });
  });
});

test('manual gives the redirect itself', async () => {
  const [home, foreign] = [await serveRedirects(), await serve()];
  const response = await clientFor(home, { redirect: 'manual' }).get(to(foreign.url));
  expect(response).toMatchObject({ status: 302, redirected: false });
  expect(response.headers.get('location')).toBe(foreign.url);
  expect(await response.text()).toBe('moved');
  expect(foreign.seen).toEqual([]);
});

test('error refuses every redirect', async () => {
  const server = await serveRedirects();
  const error = await failure(clientFor(server).get(to('/there'), { redirect: 'error' }));
  expect(error).toMatchObject({ code: 'ERR_REDIRECT' });
  expect(server.seen).toHaveLength(1);
});

test.each(['same-origin', 'follow', 'manual'])(
  '%s: what has no location is no redirect',
  async (redirect) => {
    const server = await serve((_request, response) => response.writeHead(302).end());
    expect(await clientFor(server, { redirect }).get('/')).toMatchObject({ status: 302, redirected: false });
  },
);

test('error: what has no location is one all the same', async () => {
  const server = await serve((_request, response) => response.writeHead(302).end());
  expect(await failure(clientFor(server, { redirect: 'error' }).get('/'))).toMatchObject({
    code: 'ERR_REDIRECT',
  });
});

test.each([
  [301, 'POST', 'GET'],
  [302, 'POST', 'GET'],
  [303, 'POST', 'GET'],
  [303, 'PUT', 'GET'],
  [303, 'DELETE', 'GET'],
  [301, 'PUT', 'PUT'],
  [302, 'PATCH', 'PATCH'],
  [307, 'POST', 'POST'],
  [308, 'POST', 'POST'],
  [308, 'PUT', 'PUT'],
])('%i turns %s with a body into %s', async (status, method, next) => {
  const server = await serveRedirects();
  const body = randomBytes(100_000);
  const headers = { 'content-type': 'application/x-own' };
  await clientFor(server).request(to('/there', status), { method, body, headers });
  const [first, second] = server.seen;
  const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
  expect([first.method, sha256(first.body)]).toEqual([method, sha256(body)]);
  expect(second.method).toBe(next);
  const kept = next === method;
  expect(sha256(second.body)).toBe(sha256(kept ? body : ''));
  expect(second.headers['content-type']).toBe(kept ? 'application/x-own' : undefined);
});

test.each([301, 302, 303, 307, 308])('%i leaves HEAD and GET as they are', async (status) => {
  const server = await serveRedirects();
  await clientFor(server).head(to('/a', status));
  await clientFor(server).get(to('/b', status));
  expect(server.seen.map(({ method }) => method)).toEqual(['HEAD', 'HEAD', 'GET', 'GET']);
});

test('a loop ends after 20 redirects', async () => {
  const server = await serve((_request, response) => response.writeHead(302, { location: '/again' }).end());
  expect(await failure(clientFor(server).get(`/?${QUERY}`))).toMatchObject({ code: 'ERR_REDIRECT' });
  expect(server.seen).toHaveLength(21);
});
