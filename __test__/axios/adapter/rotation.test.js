'use strict';

// What axios' own adapter knows nothing of: the token, and the request that is sent again with the next one.

const { once } = require('node:events');
const { Readable } = require('node:stream');
const axios = require('axios');
const { axiosAdapter } = require('../../../lib/axios.js');
const { clientFor, closeServers, failure, serve, serveExpired } = require('../../requests/servers.js');

afterEach(closeServers);
jest.setTimeout(60_000);

const overClient = (client, config) => axios.create({ adapter: axiosAdapter(client), ...config });
const echo = (_request, response, body) => response.end(body);
const bodies = (server) => server.seen.map(({ body }) => body.toString('latin1'));

function npmForm() {
  const form = new axios.defaults.env.FormData();
  form.append('a', '1');
  form.append('file', Buffer.from('hello'), 'a.txt');
  return form;
}

function form() {
  const data = new FormData();
  data.append('a', '1');
  data.append('file', new Blob(['hello']), 'a.txt');
  return data;
}

test.each([
  ['JSON', () => ({ a: 1 })],
  ['text', () => 'text'],
  ['bytes', () => Buffer.from([0, 255])],
  ['URLSearchParams', () => new URLSearchParams('a=1')],
  ['a Blob', () => new Blob(['blob'])],
  ['FormData', form],
  ['form-data of npm', npmForm],
  ['a function that makes a stream', () => () => Readable.from([Buffer.from('made')])],
  ['nothing', () => undefined],
])('%s is sent again after a rotation, the same as before', async (_what, make) => {
  const { server, client } = await serveExpired(echo);
  const { status } = await overClient(client).post('/orders', make());
  expect(status).toBe(200);
  const [first, second] = bodies(server);
  expect(second).toBe(first);
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
  expect(server.seen[1].headers['content-type']).toBe(server.seen[0].headers['content-type']);
  expect(client.stats()).toMatchObject({ rotations: 1, replays: 1 });
});

test('a stream that was used up is not sent again: the 401 says so, and the next request has the new token', async () => {
  const { server, client } = await serveExpired(echo);
  const api = overClient(client);
  const error = await failure(api.post('/orders', Readable.from([Buffer.from('once')])));
  expect(error).toMatchObject({ code: 'ERR_BAD_REQUEST', response: { status: 401 } });
  expect(error.cause).toMatchObject({ code: 'ERR_BODY_NOT_REPLAYABLE' });
  expect(bodies(server)).toEqual(['once']);
  expect((await api.post('/orders', 'text')).data).toBe('text');
  expect(client.stats().rotations).toBe(1);
});

test('a hundred requests on an expired token are one rotation and a hundred answers', async () => {
  const { client } = await serveExpired((request, response) => response.end(request.url));
  const api = overClient(client);
  const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => api.get(`/${i}`)));
  expect(answers.map(({ data }) => data)).toEqual(answers.map((_, i) => `/${i}`));
  expect(client.stats().rotations).toBe(1);
});

test('a 401 that stays one is judged by validateStatus, after one rotation', async () => {
  const server = await serve((_request, response) => response.writeHead(401).end('{"no":1}'));
  const client = clientFor(server, { refresh: () => ({ accessToken: 'another' }) });
  const error = await failure(overClient(client).get('/'));
  expect(error).toMatchObject({ code: 'ERR_BAD_REQUEST', response: { status: 401, data: { no: 1 } } });
  const { data } = await overClient(client, { validateStatus: null }).get('/');
  expect(data).toEqual({ no: 1 });
});

test.each([
  ['an Authorization header', { headers: { Authorization: 'Bearer mine' } }, 'Bearer mine'],
  ['auth', { auth: { username: 'u', password: 'p' } }, `Basic ${btoa('u:p')}`],
  ['skipAuthRefresh', { skipAuthRefresh: true }, undefined],
])('%s keeps the session out of it', async (_what, config, sent) => {
  const { server, client } = await serveExpired(echo);
  const error = await failure(overClient(client).get('/', config));
  expect(error.response.status).toBe(401);
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([sent]);
  expect(client.stats().rotations).toBe(0);
});

test('who cancels while the token is rotated leaves the rotation to the others', async () => {
  let isAsked;
  const asked = new Promise((resolve) => {
    isAsked = resolve;
  });
  const refresh = () => new Promise((resolve) => isAsked(resolve));
  const { client } = await serveExpired(echo, { refresh });
  const controller = new AbortController();
  const api = overClient(client);
  const leaving = failure(api.get('/', { signal: controller.signal }));
  const staying = api.get('/');
  const resolve = await asked;
  controller.abort();
  expect(axios.isCancel(await leaving)).toBe(true);
  resolve({ accessToken: 'second' });
  expect((await staying).status).toBe(200);
  expect(client.stats().rotations).toBe(1);
});

test('progress of an upload that is sent again ends where it ends', async () => {
  const { client } = await serveExpired(echo);
  const events = [];
  const data = Buffer.alloc(300_000, 'x');
  await overClient(client).post('/', data, { onUploadProgress: (event) => events.push(event) });
  await new Promise(setImmediate);
  expect(events.at(-1)).toMatchObject({ loaded: 300_000, total: 300_000, progress: 1 });
  expect(events.reduce((all, { bytes }) => all + bytes, 0)).toBe(300_000);
});

/** Rust follows redirects, unless JavaScript has to be asked between them. */
const FOLLOWED_BY = [
  ['by Rust', {}],
  ['by Rust with a limit', { maxRedirects: 5 }],
  ['by JavaScript', { beforeRedirect: () => {} }],
];

test.each(FOLLOWED_BY)('rotation in the middle of redirects, %s', async (_name, options) => {
  const server = await serve((request, response) => {
    if (request.url === '/from') return response.writeHead(307, { location: '/to' }).end();
    response.writeHead(request.headers.authorization === 'Bearer second' ? 200 : 401).end('there');
  });
  const client = clientFor(server, { refresh: () => ({ accessToken: 'second' }) });
  const { data, request } = await overClient(client).post('/from', 'text', options);
  expect([data, request.path]).toEqual(['there', '/to']);
  expect(request.method).toBe('POST');
  expect(bodies(server).filter((body) => body !== 'text')).toEqual([]);
  expect(client.stats().rotations).toBe(1);
});

test.each(FOLLOWED_BY)('what left the origin gets no token on its way back, %s', async (_name, options) => {
  const lead = (response, location) => response.writeHead(302, { location }).end();
  const away = await serve((_request, response) => lead(response, `${server.url}/back`));
  const server = await serve((request, response) => {
    if (request.url === '/') lead(response, away.url);
    else if (request.url === '/back') lead(response, '/end');
    else response.end();
  });
  await overClient(clientFor(server)).get('/', options);
  const [first, ...later] = [...server.seen, ...away.seen].map(({ headers }) => headers.authorization);
  expect([first, later]).toEqual(['Bearer t0ken-marker', [undefined, undefined, undefined]]);
});

test.each(FOLLOWED_BY)(
  'the body of a redirect that nobody wants is let go, %s',
  async (_name, options) => {
    const server = await serve((request, response) => {
      if (request.url === '/next') return response.end('next');
      response.writeHead(302, { location: '/next', 'content-length': 2_000_000 });
      response.write(Buffer.alloc(1_000_000));
      closed = once(response, 'close');
    });
    let closed;
    const { data } = await overClient(clientFor(server)).get('/', { maxRedirects: 1, ...options });
    expect(data).toBe('next');
    await closed;
    // The garbage collector would let go of it too, in its own time.
  },
  10_000,
);

test.each(FOLLOWED_BY)(
  'the program’s auth header stays in its origin whatever its name, %s',
  async (_name, options) => {
    const away = await serve((_request, response) => response.end());
    const server = await serve((_request, response) => response.writeHead(302, { location: away.url }).end());
    const client = clientFor(server, { header: { name: 'accept-language' } });
    await overClient(client).get('/', { headers: { 'Accept-Language': 'mine' }, ...options });
    const languages = [...server.seen, ...away.seen].map(({ headers }) => headers['accept-language']);
    expect(languages).toEqual(['mine', undefined]);
  },
);

test('redirects that JavaScript follows belong to the login they began under', async () => {
  const server = await serve(async (_request, response) => {
    await client.setTokens({ accessToken: 'somebody-else' });
    response.writeHead(307, { location: '/next' }).end();
  });
  const client = clientFor(server);
  const error = await failure(overClient(client).post('/', 'mine', { beforeRedirect: () => {} }));
  expect(error.cause).toMatchObject({ code: 'ERR_SESSION_LOST', reason: 'logged_out' });
  expect(server.seen).toHaveLength(1);
});
