'use strict';

const http = require('node:http');
const { Readable } = require('node:stream');
const { TOKEN, clientFor, closeServers, failure, serve } = require('./servers.js');

afterEach(closeServers);

test.each(['get', 'head', 'delete', 'post', 'put', 'patch'])(
  '%s sends its method and the token',
  async (verb) => {
    const server = await serve();
    const response = await clientFor(server)[verb]('/thing');
    expect(response.status).toBe(200);
    expect(server.seen).toMatchObject([
      { method: verb.toUpperCase(), url: '/thing', headers: { authorization: `Bearer ${TOKEN}` } },
    ]);
  },
);

test('request takes any method but CONNECT and TRACE, and sends GET without one', async () => {
  const server = await serve();
  const client = clientFor(server);
  await client.request('/');
  for (const method of ['OPTIONS', 'propfind', 'PROPFIND', 'patch']) await client.request('/', { method });
  // A Node server knows no `propfind`: methods are case-sensitive, and only the usual ones are put right.
  expect(server.seen.map(({ method }) => method)).toEqual(['GET', 'OPTIONS', 'PROPFIND', 'PATCH']);
  for (const method of ['CONNECT', 'trace']) {
    expect(await failure(client.request('/', { method }))).toMatchObject({ code: 'ERR_INVALID_OPTION' });
  }
  expect(server.seen).toHaveLength(4);
});

test('a URL object and its text lead to the same place', async () => {
  const server = await serve();
  const client = clientFor(undefined, { allowedOrigins: [server.url] });
  const url = `${server.url}/a%2Fb/ü?q=1#fragment`;
  await client.get(url);
  await client.get(new URL(url));
  expect(server.seen.map((request) => request.url)).toEqual(['/a%2Fb/%C3%BC?q=1', '/a%2Fb/%C3%BC?q=1']);
});

test.each([undefined, null, 7, {}, ['/']])('a url that is %p is refused', async (url) => {
  expect(await failure(clientFor().get(url))).toMatchObject({ code: 'ERR_INVALID_OPTION' });
});

test('the href of a URL object is read once', async () => {
  const server = await serve();
  const answers = [`${server.url}/first`, 7];
  const url = {
    get href() {
      return answers.shift();
    },
  };
  expect((await clientFor(server).get(url)).status).toBe(200);
  expect(server.seen).toMatchObject([{ url: '/first' }]);
});

test('a relative URL needs a baseURL', async () => {
  const error = await failure(clientFor().get('/thing'));
  expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining('baseURL') });
});

test.each([
  ['/v1', '/users', '/v1/users'],
  ['/v1', 'users', '/v1/users'],
  ['/v1/', '/users', '/v1/users'],
  ['/v1/', 'users', '/v1/users'],
  ['', 'users', '/users'],
  ['', '/users/', '/users/'],
  ['/v1', '', '/v1'],
  ['/v1/', '', '/v1/'],
  ['/v1', '?page=2', '/v1?page=2'],
  ['/v1', '#part', '/v1'],
  ['/v1', './users', '/v1/users'],
  ['/v1/deep', '../users', '/v1/users'],
  ['/v1', '../../users', '/users'],
  ['/v1', '/users/7:archive', '/v1/users/7:archive'],
  ['/v1', 'a b/ü?q=ö', '/v1/a%20b/%C3%BC?q=%C3%B6'],
  ['/v1', '\n/us\ters\r', '/v1/users'],
])('baseURL …%s and %j make %s', async (base, reference, expected) => {
  const server = await serve();
  const client = clientFor(server, { baseURL: server.url + base });
  const response = await client.get(reference);
  expect(server.seen).toMatchObject([{ url: expected, headers: { authorization: `Bearer ${TOKEN}` } }]);
  expect(response.url.replace(/#.*/, '')).toBe(server.url + expected);
});

test('a URL of the base origin is taken as it is', async () => {
  const server = await serve();
  await clientFor(server, { baseURL: `${server.url}/v1` }).get(`${server.url}/v2`);
  expect(server.seen).toMatchObject([{ url: '/v2' }]);
});

test('query is added to what the URL has, encoded, without null and undefined', async () => {
  const server = await serve();
  const query = { page: 2, draft: false, none: null, unknown: undefined, text: 'a&b=c d#é', __proto: '' };
  await clientFor(server).get('/list?own=1#part', { query });
  const { url } = server.seen[0];
  expect([...new URL(url, server.url).searchParams]).toEqual([
    ['own', '1'],
    ['page', '2'],
    ['draft', 'false'],
    ['text', 'a&b=c d#é'],
    ['__proto', ''],
  ]);
  await clientFor(server).get('/list', { query: { none: null } });
  expect(server.seen[1].url).toBe('/list');
});

describe('headers', () => {
  test.each([
    ['an object', { 'X-Own': 'own', 'x-shared': 'new', 'x-count': 7, 'x-none': undefined }],
    [
      'pairs',
      [
        ['X-Own', 'own'],
        ['x-shared', 'new'],
        ['x-count', 7],
        ['x-none', undefined],
      ],
    ],
    ['Headers', new Headers({ 'X-Own': 'own', 'x-shared': 'new', 'x-count': '7' })],
  ])('%s is sent over the defaults', async (_name, headers) => {
    const server = await serve();
    const client = clientFor(server, { headers: { 'x-default': 'default', 'X-Shared': 'old' } });
    await client.get('/', { headers });
    await client.get('/');
    expect(server.seen[0].headers).toMatchObject({
      'x-own': 'own',
      'x-shared': 'new',
      'x-count': '7',
      'x-default': 'default',
      authorization: `Bearer ${TOKEN}`,
    });
    expect(server.seen[0].headers).not.toHaveProperty('x-none');
    expect(server.seen[1].headers).toMatchObject({ 'x-default': 'default', 'x-shared': 'old' });
    expect(server.seen[1].headers).not.toHaveProperty('x-own');
  });

  test('a repeated header is sent as often, and replaces all of a default', async () => {
    const server = await serve();
    const client = clientFor(server, {
      headers: [
        ['x-many', 'a'],
        ['x-many', 'b'],
      ],
    });
    await client.get('/');
    await client.get('/', {
      headers: [
        ['x-many', '1'],
        ['X-Many', '2'],
        ['x-many', '3'],
      ],
    });
    const values = server.seen.map(({ rawHeaders }) =>
      rawHeaders.filter((_text, i) => i % 2 === 1 && rawHeaders[i - 1].toLowerCase() === 'x-many'),
    );
    expect(values).toEqual([
      ['a', 'b'],
      ['1', '2', '3'],
    ]);
  });

  test('values are Latin-1 bytes, without the blanks around them', async () => {
    const server = await serve();
    await clientFor(server).get('/', { headers: { 'x-name': ' \tcafé\xa0 ', 'x-empty': '' } });
    expect(server.seen[0].headers).toMatchObject({ 'x-name': 'café\xa0', 'x-empty': '' });
  });

  test('nothing is added but what HTTP needs', async () => {
    const server = await serve();
    await clientFor(server).post('/', 'text');
    expect(Object.keys(server.seen[0].headers).sort()).toEqual(
      [
        'accept',
        'accept-encoding',
        'authorization',
        'content-length',
        'content-type',
        'host',
        'user-agent',
      ].sort(),
    );
    await clientFor(server).get('/', { headers: { accept: 'text/csv', 'user-agent': 'mine/1' } });
    expect(server.seen[1].headers).toMatchObject({ accept: 'text/csv', 'user-agent': 'mine/1' });
  });

  test.each(['content-length', 'Transfer-Encoding', 'connection', 'expect', 'upgrade', 'te', 'trailer'])(
    '%s is refused',
    async (name) => {
      const server = await serve();
      const error = await failure(clientFor(server).post('/', 'x', { headers: { [name]: '0' } }));
      expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
      expect(server.seen).toEqual([]);
    },
  );
});

test('the headers of a request that a server got can be passed on', async () => {
  const upstream = await serve();
  const client = clientFor(upstream);
  const gateway = http.createServer(async (request, response) => {
    const headers = { ...request.headers, host: undefined };
    const answer = await client.request(request.url, { method: request.method, headers, body: request });
    response.writeHead(answer.status).end();
  });
  await new Promise((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const { port } = gateway.address();
  const agent = new http.Agent({ keepAlive: true });
  try {
    for (const framing of [{ 'content-length': 4 }, { te: 'trailers', 'transfer-encoding': 'chunked' }]) {
      const headers = { 'x-request-id': 'r7', 'content-type': 'text/csv', ...framing };
      await new Promise((resolve, reject) => {
        http
          .request({ port, host: '127.0.0.1', path: '/orders', method: 'POST', agent, headers }, (answer) =>
            answer.resume().on('end', resolve),
          )
          .on('error', reject)
          .end('a,b\n');
      });
    }
  } finally {
    agent.destroy();
    gateway.close();
  }
  const headers = { 'x-request-id': 'r7', 'content-type': 'text/csv', authorization: `Bearer ${TOKEN}` };
  const passed = { method: 'POST', url: '/orders', headers, body: Buffer.from('a,b\n') };
  expect(upstream.seen).toMatchObject([passed, passed]);
  expect(upstream.seen.map((request) => request.headers['content-length'])).toEqual(['4', undefined]);
  const error = await failure(client.post('/', Readable.from(['abc']), { headers: { 'content-length': 4 } }));
  expect(error).toMatchObject({ code: 'ERR_BODY_FAILED', cause: expect.any(TypeError) });
});
