'use strict';

// What the client does for axios besides sending: its errors, its options, its sessions.

const { once } = require('node:events');
const { createReadStream } = require('node:fs');
const { PassThrough, Readable } = require('node:stream');
const { inspect } = require('node:util');
const axios = require('axios');
const { axiosAdapter } = require('../../../lib/axios.js');
const { SessionLostError, TokenRotatorError } = require('../../..');
const {
  clientFor,
  closeServers,
  failure,
  freePort,
  serve,
  serveExpired,
} = require('../../requests/servers.js');

afterEach(closeServers);
jest.setTimeout(60_000);

const overClient = (client, config) => axios.create({ adapter: axiosAdapter(client), ...config });
const echo = (_request, response, body) => response.end(body);

test('a session that is lost is an AxiosError with the client’s code, and its error is the cause', async () => {
  const lost = () => {
    throw Object.assign(new Error('no'), { data: { error: 'invalid_grant' } });
  };
  const { client } = await serveExpired(echo, { refresh: lost });
  const error = await failure(overClient(client).get('/'));
  expect(error).toBeInstanceOf(axios.AxiosError);
  expect(error.code).toBe('ERR_SESSION_LOST');
  expect([error.request, error.response]).toEqual([undefined, undefined]);
  expect(error.cause).toBeInstanceOf(SessionLostError);
  expect(error.cause.reason).toBe('rejected');
  expect(Object.keys(error)).not.toContain('cause');
});

test.each([
  ['ERR_ORIGIN_NOT_ALLOWED', (api) => api.get('https://elsewhere.invalid/')],
  ['ERR_INSECURE_TRANSPORT', (api) => api.get('http://elsewhere.invalid/', { skipAuthRefresh: true })],
  ['ERR_INVALID_URL', (api) => api.get('http://')],
])('%s is an AxiosError too', async (code, send) => {
  const server = await serve();
  const error = await failure(send(overClient(clientFor(server))));
  expect(error).toBeInstanceOf(axios.AxiosError);
  expect(error.code).toBe(code);
  expect(error.cause).toBeInstanceOf(TokenRotatorError);
  expect(server.seen).toEqual([]);
});

test('the last progress event does not wait for a stream of known length to end', async () => {
  const server = await serve((_request, response, body) => response.end(String(body.length)));
  const api = overClient(clientFor(server));
  const parts = ['first', 'last'];
  async function* endless() {
    yield* parts;
    await new Promise(() => {});
  }
  const events = [];
  const config = { headers: { 'content-length': 9 }, onUploadProgress: ({ loaded }) => events.push(loaded) };
  expect((await api.post('/', Readable.from(endless()), config)).data).toBe(9);
  expect(events.at(-1)).toBe(9);
});

test.each([[{}], [{ beforeRedirect: () => {} }]])(
  'too many redirects have the client’s error as cause: %o',
  async (more) => {
    const server = await serve((_request, response) => response.writeHead(302, { location: '/' }).end());
    const error = await failure(overClient(clientFor(server)).get('/', { maxRedirects: 2, ...more }));
    expect(error.code).toBe('ERR_FR_TOO_MANY_REDIRECTS');
    expect(error.cause).toBeInstanceOf(TokenRotatorError);
    expect(error.cause.code).toBe('ERR_REDIRECT');
  },
);

test.each([
  ['/é?q=ü#ö', 'utf8', '/%C3%A9?q=%C3%BC'],
  ['é/€', 'utf8', '/%C3%A9/%E2%82%AC'],
  ['/é?q=ü#ö', 'latin1', '/%E9?q=%FC'],
  ['/%C3%A9?q=%FC', 'ascii', '/%C3%A9?q=%FC'],
])('a redirect to %s in %s leads to one URL, whoever follows it', async (location, encoding, wanted) => {
  const server = await serve((request, response) => {
    if (request.url !== '/go') return response.end();
    response.writeHead(302, { location: Buffer.from(location, encoding).toString('latin1') }).end();
  });
  const client = clientFor(server);
  const api = overClient(client);
  const shown = [];
  await client.get('/go');
  await client.fetch('/go');
  await api.get('/go');
  await api.get('/go', { maxRedirects: 5 });
  await api.get('/go', { beforeRedirect: ({ path }) => shown.push(path) });
  const led = server.seen.map(({ url }) => url).filter((url) => url !== '/go');
  expect([...led, ...shown]).toEqual(Array(6).fill(wanted));
});

describe('a body that does not come in time', () => {
  const reads = [
    ['in one piece', {}],
    ['with maxContentLength', { maxContentLength: 1e9 }],
    ['with onDownloadProgress', { onDownloadProgress: () => {} }],
    [
      'as an arraybuffer with both',
      { ...{ maxContentLength: 1e9 }, onDownloadProgress: () => {}, responseType: 'arraybuffer' },
    ],
    ['after a redirect that the program watches', { maxContentLength: 1e9, beforeRedirect: () => {} }],
  ];
  /** Its parts never end, and none is late; or it stops. */
  const pouring = (response) => {
    const pour = () => response.destroyed || response.write('x'.repeat(1000), () => setTimeout(pour, 5));
    pour();
  };
  const stuck = (response) => response.write('x'.repeat(100_000));
  const rows = reads.flatMap(([how, config]) => [
    [`${how}, that never ends`, config, pouring],
    [`${how}, that stops`, config, stuck],
  ]);

  test.each(rows)('ends with axios’ timeout, read %s', async (_how, config, answer) => {
    const server = await serve((request, response) => {
      if (request.url === '/go') return response.writeHead(302, { location: '/' }).end();
      answer(response);
    });
    const api = overClient(clientFor(server));
    const error = await failure(api.get('/go', { timeout: 200, ...config }));
    expect(error).toMatchObject({ code: 'ECONNABORTED', message: 'timeout of 200ms exceeded' });
    expect(error.cause).toMatchObject({ code: 'ERR_TIMEOUT', phase: 'body' });
  });

  test.each(rows)('ends with the client’s timeout, read %s', async (_how, config, answer) => {
    const server = await serve((request, response) => {
      if (request.url === '/go') return response.writeHead(302, { location: '/' }).end();
      answer(response);
    });
    const api = overClient(clientFor(server, { timeout: 200 }));
    const error = await failure(api.get('/go', config));
    expect(error).toMatchObject({ code: 'ECONNABORTED', message: 'timeout exceeded' });
  });

  test('does not end as a stream, which the program reads', async () => {
    const server = await serve((_request, response) => stuck(response));
    const api = overClient(clientFor(server));
    const { data } = await api.get('/', { timeout: 50, responseType: 'stream' });
    await once(data, 'data');
    // The time of this request begins later, so that it ends after that of the stream would have.
    expect((await failure(api.get('/', { timeout: 50 }))).code).toBe('ECONNABORTED');
    expect(data.errored).toBe(null);
    data.destroy();
  });
});

test('a client that is closed', async () => {
  const client = clientFor(await serve());
  const api = overClient(client);
  await client.close();
  expect((await failure(api.get('/'))).code).toBe('ERR_CLIENT_CLOSED');
});

test('a timeout counts the wait for a rotation', async () => {
  let answer;
  const late = new Promise((resolve) => {
    answer = resolve;
  });
  const { client } = await serveExpired(echo, { refresh: () => late });
  const error = await failure(overClient(client).get('/', { timeout: 60 }));
  expect(error).toMatchObject({ code: 'ECONNABORTED', message: 'timeout of 60ms exceeded' });
  expect(error.cause.phase).toBe('queue');
  answer({ accessToken: 'second' });
});

test('the client’s retry option holds, and without it nothing is tried again', async () => {
  let left = 1;
  const server = await serve((_request, response) => response.writeHead(left-- > 0 ? 503 : 200).end());
  expect((await overClient(clientFor(server, { retry: 1 })).get('/')).status).toBe(200);
  left = 1;
  expect((await failure(overClient(clientFor(server)).get('/'))).response.status).toBe(503);
});

test('url is relative to the client’s baseURL where axios has none', async () => {
  const server = await serve((request, response) => response.end(request.url));
  const client = clientFor(server, { baseURL: `${server.url}/v1` });
  expect((await overClient(client).get('/orders')).data).toBe('/v1/orders');
  expect((await overClient(client, { baseURL: '/v2' }).get('/orders', { params: { a: 1 } })).data).toBe(
    '/v1/v2/orders?a=1',
  );
});

test('another session of the client', async () => {
  const server = await serve((request, response) => response.end(request.headers.authorization));
  const store = new Map([['ada', { accessToken: 'of-ada' }]]);
  const callbacks = { getTokens: (key) => store.get(key), setTokens: () => {} };
  const client = clientFor(server, { tokens: undefined, ...callbacks });
  expect((await overClient(client.session('ada')).get('/')).data).toBe('Bearer of-ada');
});

test('the session’s token is in no error and no answer', async () => {
  const server = await serve((request, response) =>
    response.writeHead(request.url === '/ok' ? 200 : 500).end(),
  );
  const api = overClient(clientFor(server));
  await failure(api.get('/'));
  await failure(api.get('/', { maxRedirects: 3 }));
  await failure(overClient(clientFor({ url: `http://127.0.0.1:${await freePort()}` })).get('/'));
  expect(inspect(await api.get('/ok'), { depth: 9 })).not.toContain('t0ken-marker');
});

test.each([
  ['fails', 'ENOENT', () => createReadStream('/there/is/no/such/file')],
  ['is destroyed', 'ERR_CANCELED', () => new Readable({ read() {} }).destroy()],
])('a stream that %s while the request waits for its token', async (_what, code, make) => {
  const server = await serve();
  const data = new PassThrough();
  const closed = new Promise((resolve) => data.once('close', resolve));
  const getTokens = async () => {
    await closed;
    return { accessToken: 'a' };
  };
  const client = clientFor(server, { tokens: undefined, getTokens, setTokens: () => {} });
  const sending = failure(overClient(client).post('/', data));
  make()
    .on('error', (error) => data.destroy(error))
    .on('close', () => data.destroy());
  expect((await sending).code).toBe(code);
});

test('a request whose stream nobody reads is let go', async () => {
  const server = await serve(() => {});
  const controller = new AbortController();
  const data = new Readable({ read() {} });
  data.push('some');
  const sending = failure(overClient(clientFor(server)).post('/', data, { signal: controller.signal }));
  await once(server.server, 'request');
  controller.abort();
  expect(axios.isCancel(await sending)).toBe(true);
  if (!data.destroyed) await once(data, 'close');
  expect(data.destroyed).toBe(true);
});
