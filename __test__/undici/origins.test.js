'use strict';

// Where the token goes and where not, and which requests are left alone.

const { once } = require('node:events');
const { Agent, Client, Pool, interceptors } = require('undici');
const { tokenInterceptor } = require('../../lib/undici.js');
const { TOKEN, clientFor, closeServers, failure, serve, serveExpired } = require('../requests/servers.js');
const { ask, record, useDispatchers } = require('./dispatchers.js');

const { keep, through } = useDispatchers();
afterEach(closeServers);

const BEARER = `Bearer ${TOKEN}`;
const tokensAt = ({ seen }) => seen.map(({ headers }) => headers.authorization);

test('the token goes to baseURL’s origin and allowedOrigins, and nowhere else', async () => {
  const [base, allowed, foreign] = await Promise.all([serve(), serve(), serve()]);
  const api = through(clientFor(base, { baseURL: `${base.url}/v1/`, allowedOrigins: [allowed.url] }));
  for (const server of [base, allowed, foreign]) await ask(api, `${server.url}/any/where`);
  expect(tokensAt(base)).toEqual([BEARER]);
  expect(tokensAt(allowed)).toEqual([BEARER]);
  expect(tokensAt(foreign)).toEqual([undefined]);
});

test('another origin’s 401 is the caller’s, and rotates nothing', async () => {
  const [base, foreign] = [
    await serve(),
    await serve((_, response) => response.writeHead(401).end('theirs')),
  ];
  expect(await ask(through(clientFor(base)), foreign.url)).toMatchObject({ status: 401, text: 'theirs' });
  expect(foreign.seen).toHaveLength(1);
});

describe('what does not take part is passed on as it is', () => {
  const headers = { authorization: 'Basic mine' };
  test.each([
    ['another origin', { origin: 'https://other.example' }],
    ['another port', { origin: 'https://api.example.com:444' }],
    ['plain http to another origin', { origin: 'http://other.example' }],
    ['the name of the origin as a user name', { origin: 'https://api.example.com@other.example' }],
    ['an origin that is none', { origin: 'api.example.com' }],
    ['a relative origin', { origin: '/' }],
    ['a path that is a URL', { origin: 'https://api.example.com', path: 'https://other.example/' }],
    ['a path that continues the host', { origin: 'https://api.example.com', path: '.other.example/' }],
    ['a path that makes the host a user', { origin: 'https://api.example.com', path: '@other.example/' }],
    ['CONNECT', { origin: 'https://api.example.com', method: 'CONNECT' }],
    ['its own auth header', { origin: 'https://api.example.com', headers }],
    ['the same in capitals', { origin: 'https://api.example.com', headers: { AUTHORIZATION: 'x' } }],
    ['the same in a list', { origin: 'https://api.example.com', headers: ['a', 'b', 'Authorization', 'x'] }],
    ['the same in pairs', { origin: 'https://api.example.com', headers: new Map([['authorization', 'x']]) }],
    ['headers that undici refuses', { origin: 'https://api.example.com', headers: ['odd'] }],
  ])('%s', (_what, given) => {
    const options = { path: '/', ...given };
    const passed = jest.fn(() => false);
    const dispatch = tokenInterceptor(clientFor({ url: 'https://api.example.com' }))(passed);
    const handler = { onRequestStart: jest.fn() };
    expect(dispatch(options, handler)).toBe(false);
    expect(passed.mock.calls).toEqual([[options, handler]]);
    expect(passed.mock.calls[0][0]).toBe(options);
    expect(passed.mock.calls[0][1]).toBe(handler);
    expect(handler.onRequestStart).not.toHaveBeenCalled();
  });
});

test('an auth header of the caller’s is respected, and its 401 is the caller’s', async () => {
  const { server, client } = await serveExpired((_, response) => response.end('no'));
  const headers = { Authorization: 'Basic mine' };
  expect(await ask(through(client), server.url, { headers })).toMatchObject({ status: 401, text: 'no' });
  expect(tokensAt(server)).toEqual(['Basic mine']);
});

const GIVEN = { accept: 'a/b', 'x-list': ['1', '2'], authorization: undefined };
test.each([
  ['an object', () => GIVEN],
  ['an object without prototype', () => Object.assign(Object.create(null), GIVEN)],
  ['a flat list', () => ['accept', 'a/b', 'X-List', '1', 'x-list', '2']],
  ['pairs', () => Object.entries(GIVEN)],
  ['a Map', () => new Map(Object.entries(GIVEN))],
  ['Headers', () => new Headers([['accept', 'a/b'], ['x-list', '1, 2']])], // prettier-ignore
  ['an iterator, which can be read once', () => new Map(Object.entries(GIVEN)).entries()],
])('headers as %s arrive with the token, at each sending', async (_form, headers) => {
  const { server, client } = await serveExpired((_, response) => response.end());
  expect(await ask(through(client), server.url, { headers: headers() })).toMatchObject({ status: 200 });
  expect(tokensAt(server)).toEqual(['Bearer first', 'Bearer second']);
  for (const { headers: seen } of server.seen)
    expect(seen).toMatchObject({ accept: 'a/b', 'x-list': '1, 2' });
});

test('the caller’s options are not written to', async () => {
  const { server, client } = await serveExpired((_, response) => response.end());
  const options = Object.freeze({ origin: server.url, path: '/', headers: Object.freeze({ accept: 'a/b' }) });
  await record(through(client), options).ended;
  expect(options).toEqual({ origin: server.url, path: '/', headers: { accept: 'a/b' } });
  expect(tokensAt(server)).toEqual(['Bearer first', 'Bearer second']);
});

test('plain http beyond loopback to a trusted origin: ERR_INSECURE_TRANSPORT', async () => {
  const api = through(clientFor({ url: 'http://api.example.com' }));
  const error = await failure(ask(api, 'http://api.example.com/'));
  expect(error).toMatchObject({ name: 'TokenRotatorError', code: 'ERR_INSECURE_TRANSPORT' });
});

describe.each([
  ['a Pool', Pool],
  ['a Client', Client],
])('%s, which does not say where it goes', (_name, Dispatcher) => {
  test('is refused without an origin', async () => {
    const server = await serve();
    const api = through(clientFor(server), { base: keep(new Dispatcher(server.url)) });
    const [[name, error]] = await record(api, {}).ended;
    expect(name).toBe('onResponseError');
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining('origin') });
    expect(server.seen).toHaveLength(0);
  });

  test('gets the token with one, the interceptor’s or the request’s', async () => {
    const server = await serve();
    const base = keep(new Dispatcher(server.url));
    const named = through(clientFor(server), { base, options: { origin: server.url } });
    const calls = await record(named, {}).ended;
    expect(calls.at(-1)[0]).toBe('onResponseEnd');
    await record(through(clientFor(server), { base }), { origin: new URL(server.url) }).ended;
    expect(tokensAt(server)).toEqual([BEARER, BEARER]);
  });

  test('gets no token if either of the two is foreign', async () => {
    const [home, foreign] = [await serve(), await serve()];
    const base = keep(new Dispatcher(foreign.url));
    const api = through(clientFor(home), { base, options: { origin: foreign.url } });
    await record(api, {}).ended;
    await record(api, { origin: home.url }).ended;
    const wrong = through(clientFor(home), { options: { origin: home.url } });
    await record(wrong, { origin: foreign.url }).ended;
    expect(tokensAt(foreign)).toEqual([undefined, undefined, undefined]);
  });

  test('of undici 8 is asked where it goes', async () => {
    const [home, foreign] = [await serve(), await serve()];
    const interceptor = tokenInterceptor(clientFor(home));
    for (const server of [home, foreign]) {
      const base = keep(new Dispatcher(server.url));
      const api = base.compose((dispatch) => interceptor(dispatch, server.url));
      await record(api, {}).ended;
      await record(api, { origin: home.url }).ended;
    }
    expect(tokensAt(home)).toEqual([BEARER, BEARER]);
    expect(tokensAt(foreign)).toEqual([undefined, undefined]);
  });
});

describe('redirects', () => {
  const KEY = { name: 'x-api-key', format: (token) => token };
  const to = (location) => (request, response) =>
    request.url === '/' ? response.writeHead(307, { location }).end() : response.end('here');

  test('followed outside of the token: each hop is judged', async () => {
    const foreign = await serve((_, response) => response.writeHead(401).end('theirs'));
    const home = await serve(to(`${foreign.url}/there`));
    const api = through(clientFor(home, { header: KEY }), {
      outside: [interceptors.redirect({ maxRedirections: 3 })],
    });
    expect(await ask(api, home.url)).toMatchObject({ status: 401, text: 'theirs' });
    expect(home.seen.map(({ headers }) => headers['x-api-key'])).toEqual([TOKEN]);
    expect(foreign.seen.map(({ headers }) => headers['x-api-key'])).toEqual([undefined]);
  });

  test('back to a trusted origin: it has the token', async () => {
    const home = await serve(to('/there'));
    const api = through(clientFor(home), { outside: [interceptors.redirect({ maxRedirections: 3 })] });
    expect(await ask(api, home.url)).toMatchObject({ status: 200, text: 'here' });
    expect(tokensAt(home)).toEqual([BEARER, BEARER]);
  });

  test('followed inside, they are refused: nobody could judge where the token goes', async () => {
    const foreign = await serve();
    const home = await serve(to(`${foreign.url}/there`));
    const api = through(clientFor(home, { header: KEY }), {
      inside: [interceptors.redirect({ maxRedirections: 3 })],
    });
    const error = await failure(ask(api, home.url));
    expect(error).toMatchObject({ name: 'TokenRotatorError', code: 'ERR_REDIRECT' });
    expect(foreign.seen).toHaveLength(0);
  });
});

test('dns behind the token: the name is what is trusted', async () => {
  const server = await serve();
  const lookup = (_origin, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]);
  const url = `http://api.localhost:${server.port}`;
  const api = through(clientFor({ url }), { inside: [interceptors.dns({ lookup })] });
  expect(await ask(api, url)).toMatchObject({ status: 200 });
  expect(server.seen[0].headers).toMatchObject({
    authorization: BEARER,
    host: `api.localhost:${server.port}`,
  });
});

test('a URL that is changed after the look at it changes nothing', async () => {
  const [home, foreign] = [await serve(), await serve()];
  const origin = new URL(home.url);
  const { ended } = record(through(clientFor(home)), { origin });
  origin.port = foreign.port;
  await ended;
  expect(tokensAt(home)).toEqual([BEARER]);
  expect(foreign.seen).toHaveLength(0);
});

test.each([
  ['no client', () => tokenInterceptor()],
  ['something else than a client', () => tokenInterceptor({ getAccessToken() {} })],
  ['an unknown option', () => tokenInterceptor(clientFor(), { orgin: 'https://a.example' })],
  ['an origin that is none', () => tokenInterceptor(clientFor(), { origin: 'a.example' })],
  ['options that are none', () => tokenInterceptor(clientFor(), null)],
])('ERR_INVALID_OPTION for %s', (_what, make) => {
  expect(make).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
});

test('a handler of the old kind is left to undici', async () => {
  const server = await serve();
  const dispatch = tokenInterceptor(clientFor(server))((options, handler) =>
    agent.dispatch(options, handler),
  );
  const agent = keep(new Agent());
  const old = { onConnect() {}, onHeaders: () => true, onData: () => true, onError() {} };
  dispatch({ origin: server.url, path: '/', method: 'GET' }, { ...old, onComplete() {} });
  await once(server.server, 'request');
  await agent.close();
  expect(tokensAt(server)).toEqual([undefined]);
});
