'use strict';

// What `node:diagnostics_channel` tells of requests, tries, rotations and sessions.

const path = require('node:path');
const { inspect } = require('node:util');
const { axiosAdapter } = require('../../lib/axios.js');
const axios = require('axios');
const { endChildren, start } = require('../lifecycle/child.js');
const { clientFor, closeServers, failure, freePort, serve, serveExpired } = require('../requests/servers.js');
const { useChannels } = require('./listen.js');

const { heard, listen, listenToSessions, of } = useChannels();
afterEach(async () => {
  await endChildren();
  await closeServers();
});

const number = expect.any(Number);

test('a request, with its replay', async () => {
  const { client } = await serveExpired((_, response) => response.end('ok'), { session: 'ada' });
  listen('request');
  listen('try');
  await client.get('/orders?secret=query-marker', { headers: { 'x-secret': 'query-marker' } });
  expect(heard.map(([event]) => event)).toEqual([
    'request start',
    ...['try start', 'try asyncEnd', 'try start', 'try asyncEnd'],
    'request asyncEnd',
  ]);
  const url = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/orders$/);
  expect(of('request start')).toMatchObject([
    { via: 'client', session: 'ada', method: 'GET', url, outcome: undefined },
  ]);
  const end = { status: 200, outcome: 'answered', attempts: 2, replays: 1, errorCode: undefined };
  expect(of('request asyncEnd')).toMatchObject([{ ...end, duration: number }]);
  expect(of('try asyncEnd')).toMatchObject([
    { attempt: 1, cause: 'first', status: 401, generation: 1, duration: number },
    { attempt: 2, cause: 'replay', status: 200, generation: 2, duration: number },
  ]);
  const text = inspect(heard, { depth: 9 });
  for (const secret of ['query-marker', 'Bearer', 'second']) expect(text).not.toContain(secret);
});

test.each([
  ['users:query-marker', ''],
  ['data:text/plain,query-marker', ''],
  [' http://ada:query-marker@other.example/a', 'http://other.example/a'],
  [' /a', '%/v1/a'],
  ['\t/a', '%/v1/a'],
  ['\u0001', '%/v1'],
])('the URL %j, which may hold a secret, is told as %j', async (url, told) => {
  const server = await serve();
  const client = clientFor(undefined, { baseURL: `${server.url}/v1` });
  listen('request');
  const real = await client.get(url).then(
    (response) => response.url,
    () => undefined,
  );
  const [message] = of('request start');
  expect(message.url).toBe(told.replace('%', server.url));
  // A request that was sent is told with the URL that it went to.
  if (real !== undefined) expect(message.url).toBe(real);
});

test('retries, and a request that fails', async () => {
  const port = await freePort();
  const client = clientFor(undefined, { baseURL: `http://127.0.0.1:${port}/v1/`, retry: { limit: 1 } });
  listen('request');
  listen('try');
  const error = await failure(client.get('orders'));
  expect(of('try asyncEnd')).toMatchObject([
    { cause: 'first', errorCode: error.code, status: undefined },
    { cause: 'retry', errorCode: error.code },
  ]);
  expect(of('request error')).toMatchObject([
    { url: `http://127.0.0.1:${port}/v1/orders`, outcome: 'failed', errorCode: 'ERR_NETWORK', attempts: 2 },
  ]);
});

test('a request that is aborted while a server keeps it waiting', async () => {
  const controller = new AbortController();
  const server = await serve(() => controller.abort(new Error('query-marker')));
  listen('request');
  listen('try');
  await clientFor(server)
    .get('/', { signal: controller.signal })
    .catch(() => {});
  expect(of('request asyncEnd')).toMatchObject([{ outcome: 'aborted', errorCode: 'ABORT_ERR' }]);
  expect(of('try asyncEnd')).toMatchObject([{ attempt: 1, errorCode: 'ABORT_ERR' }]);
});

test('subscribers of a try add headers to it, but no token', async () => {
  const { client, server } = await serveExpired((_, response) => response.end('ok'));
  listen('try', ({ headers, attempt }) => {
    Object.assign(headers, { traceparent: `try-${attempt}`, authorization: 'Bearer other' });
  });
  expect((await client.post('/', { body: 1 })).status).toBe(200);
  expect(server.seen.map(({ headers }) => [headers.traceparent, headers.authorization])).toEqual([
    ['try-1', 'Bearer first'],
    ['try-2', 'Bearer second'],
  ]);
});

test('headers that are none fail no request, are left out, and bring one warning', async () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const server = await serve();
  listen('try', ({ headers }) =>
    Object.assign(headers, { 'a b': 'x', baggage: 'x\r\ny', traceparent: 'kept', absent: undefined }),
  );
  expect((await clientFor(server).get('/')).status).toBe(200);
  expect(server.seen[0].headers).toMatchObject({ traceparent: 'kept' });
  expect(Object.keys(server.seen[0].headers)).not.toContain('baggage');
  expect(warn.mock.calls).toEqual([[expect.any(String), { code: 'TOKEN_ROTATOR_HOOK' }]]);
  warn.mockRestore();
});

test('a subscriber that throws fails no request', async () => {
  const program = path.join(__dirname, 'throwing-program.js');
  const { code, stdout } = await start([program]).ended;
  const events = ['start', 'asyncEnd'].flatMap((event) => [`request ${event}`, `try ${event}`]);
  expect({ code, ...JSON.parse(stdout) }).toEqual({ code: 0, status: 200, thrown: events.toSorted() });
});

test('without a listener to tries, Rust asks for no headers', async () => {
  const port = await freePort();
  const client = clientFor(undefined, { baseURL: `http://127.0.0.1:${port}`, retry: { limit: 1 } });
  listen('request');
  await failure(client.get('/'));
  // The tries were not counted, because nobody was asked.
  expect(of('request asyncEnd')).toMatchObject([{ outcome: 'failed', attempts: 0 }]);
});

test('fetch and axios’ adapter', async () => {
  const { client, server } = await serveExpired((_, response) => response.end('ok'));
  listen('request');
  await client.fetch(`${server.url}/fetched`, { method: 'PUT', body: 'x' });
  await axios.create({ adapter: axiosAdapter(client) }).get(`${server.url}/adapted`);
  expect(of('request asyncEnd')).toMatchObject([
    { method: 'PUT', url: `${server.url}/fetched`, status: 200 },
    { method: 'GET', url: `${server.url}/adapted`, status: 200 },
  ]);
});

test('rotations: one that a rejection brings, one that is asked for, and one that fails', async () => {
  const refresh = jest.fn(() => ({ accessToken: 'second' }));
  const { client } = await serveExpired((_, response) => response.end('ok'), { refresh, maxRetries: 0 });
  listen('rotation');
  await client.get('/');
  await client.rotate();
  refresh.mockRejectedValueOnce(Object.assign(new Error('refused'), { status: 503 }));
  await failure(client.rotate());
  expect(of('rotation asyncEnd')).toMatchObject([
    { cause: 'rejected', outcome: 'rotated', attempts: 1, generation: 2, leaseWait: 0, duration: number },
    { cause: 'asked', outcome: 'rotated', generation: 3 },
    { cause: 'asked', outcome: 'failed', errorCode: 'ERR_REFRESH_FAILED' },
  ]);
  expect(of('rotation error')).toHaveLength(1);
});

test('a rotation that a login overtakes, while the next one is under way', async () => {
  const answers = [];
  const refresh = () => new Promise((resolve) => answers.push(resolve));
  const client = clientFor(undefined, { refresh, tokens: { accessToken: 'a', refreshToken: 'r' } });
  listen('rotation');
  const begun = (count) =>
    new Promise((resolve) => {
      const look = () => (answers.length === count ? resolve() : setImmediate(look));
      look();
    });
  const overtaken = failure(client.rotate());
  await begun(1);
  await client.setTokens({ accessToken: 'b', refreshToken: 's' });
  const rotated = client.rotate();
  await begun(2);
  await overtaken;
  answers[0]({ accessToken: 'late' });
  answers[1]({ accessToken: 'new' });
  await rotated;
  while (of('rotation asyncEnd').length < 2) await new Promise(setImmediate);
  const [first, second] = of('rotation start').map(({ id }) => id);
  const ends = of('rotation asyncEnd').map(({ id, outcome, attempts }) => [id, outcome, attempts]);
  expect(ends.toSorted(([a], [b]) => a - b)).toEqual([
    [first, 'overtaken', 1],
    [second, 'rotated', 1],
  ]);
});

test('clients have numbers, which all that they tell has in common', async () => {
  const [one, other] = [
    await serveExpired((_, response) => response.end()),
    await serveExpired((_, response) => response.end()),
  ];
  for (const name of ['request', 'rotation']) listen(name);
  listenToSessions();
  for (const { client } of [one, other]) {
    await client.get('/');
    await client.session('ada').setTokens({ accessToken: 'a' });
  }
  const numbers = (name) => of(name).map(({ client }) => client);
  const [first, second] = numbers('request start');
  expect(first).not.toBe(second);
  expect(numbers('rotation start')).toEqual([first, second]);
  expect(numbers('session')).toEqual([first, second]);
});

test('a login, a logout and a loss', async () => {
  const client = clientFor(undefined, {
    session: 'ada',
    refresh: () =>
      Promise.reject(Object.assign(new Error('gone'), { status: 400, data: { error: 'invalid_grant' } })),
  });
  listenToSessions();
  await client.setTokens({ accessToken: 'a', refreshToken: 'r' });
  await failure(client.rotate());
  await client.setTokens(null);
  expect(heard.map(([, message]) => message)).toEqual(
    ['login', 'lost', 'logout'].map((event) => ({ event, client: number, session: 'ada' })),
  );
});

test('stats by origin', async () => {
  const { client, server } = await serveExpired((_, response) => response.end('ok'));
  await client.get('/a');
  await client.get('/b');
  expect(client.stats().origins).toEqual({
    [server.url]: {
      ...{ requests: 2, clientErrors: 0, serverErrors: 0, failed: 0, replays: 1, retries: 0 },
      durationMs: expect.any(Number),
    },
  });
});
