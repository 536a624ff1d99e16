'use strict';

// The answers that a test gives to the requests of its own API: `server.respond`.

const http = require('node:http');
const { TokenClient } = require('../..');
const { startAuthServer } = require('../../lib/testing');
const { refreshAt } = require('../support/refresh.js');
const { send } = require('./http');

let server;
let authorization;
let warnings;
beforeEach(async () => {
  server = await startAuthServer();
  authorization = `Bearer ${server.login('ada').accessToken}`;
  warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(async () => {
  await server.close();
  warnings.mockRestore();
});

const ask = (path, { headers, ...options } = {}) =>
  send(`${server.url}${path}`, { headers: { authorization, ...headers }, ...options });

describe('an answer', () => {
  test.each([
    ['an object', { id: 1 }, 'application/json', '{"id":1}'],
    ['a list', [1, 2], 'application/json', '[1,2]'],
    ['null', null, 'application/json', 'null'],
    ['false', false, 'application/json', 'false'],
    ['an empty object', {}, 'application/json', '{}'],
    ['an object whose status is text', { status: 'ok' }, 'application/json', '{"status":"ok"}'],
    ['an object with more than parts', { status: 3, id: 1 }, 'application/json', '{"status":3,"id":1}'],
    [
      'an object with toJSON',
      { status: 'up', at: new Date(0) },
      'application/json',
      '{"status":"up","at":"1970-01-01T00:00:00.000Z"}',
    ],
    ['text', 'hällo', 'text/plain; charset=utf-8', 'hällo'],
    ['bytes', Buffer.from('bytes'), 'application/octet-stream', 'bytes'],
    ['a Uint8Array', new Uint8Array([104, 105]), 'application/octet-stream', 'hi'],
    ['parts', { status: 200, body: { status: 200 } }, 'application/json', '{"status":200}'],
  ])('may be %s', async (_kind, answer, type, text) => {
    server.respond('/users', answer);
    const response = await ask('/users');
    expect([response.status, response.headers['content-type'], response.text]).toEqual([200, type, text]);
  });

  test('has the status and the headers that it is given', async () => {
    const headers = { 'Content-Type': 'text/csv', 'Set-Cookie': ['a=1', 'b=2'], 'X-Count': 7 };
    server.respond('/users', { status: 201, headers, body: 'a;b' });
    const { status, headers: got, text } = await ask('/users');
    expect([status, text]).toEqual([201, 'a;b']);
    expect(got).toMatchObject({ 'content-type': 'text/csv', 'set-cookie': ['a=1', 'b=2'], 'x-count': '7' });
  });

  test('without a body has none, and a 204 has no length', async () => {
    server.respond('/gone', { status: 410 });
    server.respond('/empty', { status: 204 });
    expect(await ask('/gone')).toMatchObject({ status: 410, text: '', headers: { 'content-length': '0' } });
    const { status, headers } = await ask('/empty');
    expect([status, headers['content-length'], headers['transfer-encoding']]).toEqual([
      204,
      undefined,
      undefined,
    ]);
  });

  test('is the JSON of the moment of the call', async () => {
    const user = { id: 1 };
    server.respond('/users', user);
    user.id = 2;
    expect((await ask('/users')).text).toBe('{"id":1}');
  });

  test('may be large, in both directions', async () => {
    const large = Buffer.alloc(20_000_000, 'x');
    server.respond('POST /files', ({ body }) => ({ status: 200, body }));
    const response = await ask('/files', {
      method: 'POST',
      body: large,
      headers: { 'content-length': large.length },
    });
    expect(response.text.length).toBe(large.length);
  });

  test('to HEAD has the head of the GET', async () => {
    server.respond('GET /users', { id: 1 });
    const response = await ask('/users', { method: 'HEAD' });
    expect(response).toMatchObject({ status: 200, text: '', headers: { 'content-length': '8' } });
    expect((await ask('/users')).text).toBe('{"id":1}');
  });
});

describe('a path', () => {
  test.each([
    ['/users', 'GET', '/users', true],
    ['/users', 'DELETE', '/users?page=2', true],
    ['/users', 'GET', '/users/', false],
    ['/users', 'GET', '/users/1', false],
    ['GET /users', 'POST', '/users', false],
    ['POST /users', 'POST', '/users', true],
    ['POST /users', 'HEAD', '/users', false],
    ['/users/:id', 'GET', '/users/7', true],
    ['/users/:id', 'GET', '/users/7/orders', false],
    ['/users/:id', 'GET', '/users/', false],
    ['/files/*', 'GET', '/files/a/b.txt', true],
    ['/files/*', 'GET', '/files', false],
    ['/*', 'GET', '/anything', true],
    ['/a.b', 'GET', '/axb', false],
    ['/tasks/7:cancel', 'POST', '/tasks/7:cancel', true],
    ['/straße', 'GET', '/stra%C3%9Fe', true],
    ['/', 'GET', '/', true],
    ['//users', 'GET', '//users', true],
  ])('%s: %s %s is answered: %s', async (path, method, asked, isAnswered) => {
    server.respond(path, 'given');
    const { status, text } = await ask(asked, { method });
    expect([status, text === 'given']).toEqual([isAnswered ? 200 : 404, isAnswered]);
  });

  test('of a request without an answer is named in the 404', async () => {
    server.respond('GET /users', []);
    const { status, json } = await ask('/users?secret=1', { method: 'POST' });
    expect(status).toBe(404);
    expect(json().error_description).toBe(
      'the test server has no answer for POST /users; respond() gives it one',
    );
  });

  test('under /api is echoed where there is no answer for its method', async () => {
    server.respond('GET /api/users', 'given');
    expect((await ask('/api/users')).text).toBe('given');
    expect((await ask('/api/users', { method: 'PUT' })).json()).toMatchObject({ method: 'PUT' });
  });

  test.each(['/token', '/revoke', 'POST /token', '/other/../token'])('%s is refused', (path) => {
    expect(() => server.respond(path, {})).toThrow(/the server answers \/(token|revoke) itself; use /);
  });

  test('that fits the token endpoint too leaves it to the server', async () => {
    server.respond('/*', 'given');
    const { refreshToken } = server.login();
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
    const response = await fetch(server.tokenEndpoint, { method: 'POST', body });
    expect(await response.json()).toMatchObject({ token_type: 'Bearer' });
  });
});

describe('of several answers for a path', () => {
  test('the latest one is given, until it is cancelled', async () => {
    server.respond('/users', 'first');
    const { cancel } = server.respond('GET /users', 'second');
    expect((await ask('/users')).text).toBe('second');
    expect((await ask('/users', { method: 'POST' })).text).toBe('first');
    cancel();
    cancel();
    expect((await ask('/users')).text).toBe('first');
  });

  test('one with `times` gives way to the one before it', async () => {
    server.respond('/users', 'always');
    const handle = server.respond('/users', { status: 503 }, { times: 2 });
    const statuses = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await ask('/users')).status);
    expect(statuses).toEqual([503, 503, 200, 200]);
    expect(handle.hits).toBe(2);
  });

  test('one with `times` is given so often, also to requests at the same moment', async () => {
    server.respond('/users', 'once', { times: 1 });
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask('/users')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404, 404]);
  });

  test('reset() takes back all of them, and faults and forbidden paths', async () => {
    server.respond('/users', 'given');
    server.forbid('/api');
    server.fault({ at: 'api', kind: 'status', times: Infinity });
    server.reset();
    expect((await ask('/users')).status).toBe(404);
    expect((await ask('/api/users')).status).toBe(200);
  });

  test('reset() lets go of what a hang holds', async () => {
    server.fault({ at: 'api', kind: 'hang' });
    const response = ask('/api/users');
    await server.waitFor(({ hanging }) => hanging === 1);
    server.reset();
    expect((await response).status).toBe(200);
  });
});

describe('a handler', () => {
  test('gets the request, without its token', async () => {
    const handler = jest.fn(() => ({ ok: true }));
    server.respond('PUT /users/:id/*', handler);
    const headers = { 'content-type': 'application/json', 'x-one': '1' };
    const path = '/users/J%C3%BCrgen/a/b?page=2&page=3';
    await ask(path, { method: 'PUT', headers, body: '{"name":"Jürgen"}' });
    const [[request]] = handler.mock.calls;
    expect(request).toMatchObject({
      method: 'PUT',
      url: path,
      path: '/users/J%C3%BCrgen/a/b',
      params: { id: 'Jürgen', '*': 'a/b' },
      headers: { 'content-type': 'application/json', 'x-one': '1' },
      subject: 'ada',
      generation: 0,
    });
    expect(request.query.getAll('page')).toEqual(['2', '3']);
    expect([request.text(), request.json()]).toEqual(['{"name":"Jürgen"}', { name: 'Jürgen' }]);
    expect(require('node:util').inspect(request)).not.toContain(authorization.slice(7, 20));
  });

  test('may take its time, and knows whose request it is', async () => {
    const me = async ({ subject }) => {
      await new Promise(setImmediate);
      return { name: subject };
    };
    server.respond('/me', me);
    const globex = `Bearer ${server.login('globex').accessToken}`;
    expect((await ask('/me')).json()).toEqual({ name: 'ada' });
    expect((await ask('/me', { headers: { authorization: globex } })).json()).toEqual({ name: 'globex' });
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('no such order');
      },
      'no such order',
    ],
    ['rejects', () => Promise.reject(new Error('no such order')), 'no such order'],
    [
      'throws a text',
      () => {
        throw 'broken';
      },
      'broken',
    ],
    ['returns nothing', () => {}, 'there is no answer; without a body it is { status: 204 }'],
    ['returns a Response', () => new Response('x'), 'a Response is no answer'],
    ['returns a wrong status', () => ({ status: 99 }), 'status must be from 200 to 599'],
    ['reads JSON that is none', (request) => request.json(), 'JSON'],
  ])('that %s is a 501 that says so, and a warning', async (_name, handler, text) => {
    server.respond('GET /orders', handler);
    const { status, json } = await ask('/orders');
    expect([status, json().error]).toEqual([501, 'handler_failed']);
    expect(json().error_description).toMatch(/^the handler of respond\('GET \/orders'\) failed: /);
    expect(json().error_description).toContain(text);
    expect(warnings).toHaveBeenCalledWith(
      json().error_description,
      expect.objectContaining({ code: 'TOKEN_ROTATOR_RESPOND' }),
    );
    expect(server.ledger.requests).toMatchObject([{ path: '/orders', status: 501, applied: false }]);
  });

  test('that never answers does not hold close()', async () => {
    let reject;
    const handle = server.respond('/slow', () => new Promise((_, no) => (reject = no)));
    const response = ask('/slow').catch(({ code }) => code);
    await server.waitFor(() => handle.hits === 1);
    await server.close();
    expect(await response).toBe('ECONNRESET');
    reject(new Error('too late'));
    await new Promise(setImmediate);
    expect(warnings).not.toHaveBeenCalled();
    expect(server.ledger.requests).toEqual([]);
  });

  test('whose client has left does no harm', async () => {
    let answer;
    const handle = server.respond('/slow', () => new Promise((resolve) => (answer = resolve)), { times: 1 });
    const request = http.get(`${server.url}/slow`, { headers: { authorization } });
    request.on('error', () => {});
    await server.waitFor(() => handle.hits === 1);
    const left = new Promise((resolve) => request.once('close', resolve));
    request.destroy();
    await left;
    answer('late');
    await server.waitFor(({ requests }) => requests.length === 1);
    server.respond('/slow', 'again');
    expect((await ask('/slow')).text).toBe('again');
  });
});

describe('the token', () => {
  test.each([
    ['none', () => ({ authorization: '' }), 'Bearer'],
    ['an unknown one', () => ({ authorization: 'Bearer unknown' }), 'Bearer error="invalid_token"'],
    ['one that has expired', () => void server.expire(), 'Bearer error="invalid_token"'],
    ['one that was revoked', () => void server.revoke(), 'Bearer error="invalid_token"'],
  ])('%s: a 401, and no handler', async (_name, prepare, challenge) => {
    const handler = jest.fn(() => 'given');
    const handle = server.respond('/users', handler, { times: 1 });
    const { status, headers } = await ask('/users', { headers: prepare() });
    expect([status, headers['www-authenticate']]).toEqual([401, challenge]);
    expect([handler.mock.calls.length, handle.hits]).toEqual([0, 0]);
    expect(server.ledger.counts).toMatchObject({ apiRequests: 1, rejected: 1 });
  });

  test.each([
    ['/public/health', undefined],
    ['/.well-known/jwks.json', { token: false }],
  ])('is not wanted at %s', async (path, options) => {
    server.respond(path, ({ headers, subject }) => ({ names: Object.keys(headers), subject }), options);
    const { status, json } = await send(`${server.url}${path}`, { headers: { authorization: 'Basic eDp5' } });
    expect([status, json()]).toEqual([200, { names: ['host', 'connection'], subject: null }]);
    expect(server.ledger.requests).toMatchObject([{ path, status: 200, session: null, applied: true }]);
  });

  test('is rotated under such requests, which the ledger counts', async () => {
    server.respond('POST /orders', ({ generation }) => ({ status: 201, body: { generation } }));
    const refresh = refreshAt(server.tokenEndpoint);
    const client = new TokenClient({ baseURL: server.url, tokens: server.login('acme'), refresh });
    server.expire();
    const orders = await Promise.all(Array.from({ length: 10 }, () => client.post('/orders', { item: 7 })));
    expect(await Promise.all(orders.map((order) => order.json()))).toEqual(
      orders.map(() => ({ generation: 1 })),
    );
    expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
    const accepted = server.ledger.requests.filter(({ applied }) => applied);
    expect(accepted).toHaveLength(10);
    expect(accepted[0]).toMatchObject({
      method: 'POST',
      path: '/orders',
      status: 201,
      subject: 'acme',
      generation: 1,
    });
    await client.close();
  });

  test('that is good may be refused by an answer, with a challenge', async () => {
    server.respond('/admin', { status: 401 });
    const { status, headers } = await ask('/admin');
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer error="invalid_token"']);
  });
});

test('faults strike such paths too', async () => {
  server.respond('/users', 'given');
  server.fault({ at: 'api', kind: 'status' });
  server.fault({ at: 'after-api', kind: 'status', status: 502 });
  const statuses = [];
  for (let n = 0; n < 3; n += 1)
    statuses.push((await ask('/users', { headers: { 'x-request-id': 'a' } })).status);
  expect(statuses).toEqual([503, 502, 200]);
  expect(server.ledger.applied).toEqual({ a: 2 });
});

test.each([
  [[], 'the path must be like "/users", "GET /users/:id" or "/files/*"'],
  [[/users/, {}], 'the path must be like'],
  [['users', {}], 'the path must be like'],
  [['', {}], 'the path must be like'],
  [['https://api.example.com/users', {}], 'without the origin'],
  [['GET https://api.example.com/users', {}], 'without the origin'],
  [['/users?page=2', {}], 'without a query; a handler has request.query'],
  [['get /users', {}], 'with the method in capitals'],
  [['GET  /users', {}], 'the path must be like'],
  [['/*/users', {}], '`*` as its last part'],
  [['/users/*.json', {}], '`*` as its last part'],
  [['/users/:', {}], '`:name` for one part'],
  [['/:id/:id', {}], 'has :id twice'],
  [['/users'], "respond('/users'): there is no answer"],
  [['/users', Symbol('x')], 'a Symbol is no answer'],
  [['/users', 1n], 'a BigInt is no answer'],
  [['/users', Promise.resolve(1)], 'a Promise is no answer'],
  [['/users', new Map()], 'a Map is no answer'],
  [['/users', new Response('x')], 'a Response is no answer'],
  [['/users', require('node:stream').Readable.from([])], 'a stream is no answer'],
  [['/users', { status: 700 }], 'status must be from 200 to 599'],
  [['/users', { status: 100 }], 'status must be from 200 to 599'],
  [['/users', { body: 'x' }], 'an answer with body needs a status too; to send such an object as JSON'],
  [['/users', { headers: {} }], 'an answer with headers needs a status too'],
  [['/users', { status: 200, body: 'x', header: {} }], 'and no header'],
  [['/users', { status: 204, body: 'x' }], 'an answer with status 204 has no body'],
  [['/users', { status: 200, headers: 'a: b' }], 'headers must be an object of names and values'],
  [['/users', { status: 200, headers: new Headers() }], 'headers must be an object of names and values'],
  [['/users', { status: 200, headers: { 'a b': '1' } }], 'a b'],
  [['/users', { status: 200, headers: { a: '1\n2' } }], 'a'],
  [['/users', { status: 200, headers: { a: undefined } }], 'header a must have a value'],
  [['/users', { status: 200, headers: { 'Content-Length': 2 } }], 'the server writes Content-Length itself'],
  [['/users', {}, { times: 0 }], 'option "times" must be a positive whole number or Infinity'],
  [['/users', {}, { times: '1' }], 'option "times" must be'],
  [['/users', {}, { token: 'no' }], 'option "token" must be a boolean'],
  [['/users', {}, { once: true }], 'unknown option "once"'],
  [['/users', {}, null], 'options must be an object'],
])('case %#: wrong arguments are refused', (args, text) => {
  expect(() => server.respond(...args)).toThrow(TypeError);
  expect(() => server.respond(...args)).toThrow(/^respond/);
  expect(() => server.respond(...args)).toThrow(text);
});
