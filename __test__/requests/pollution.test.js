'use strict';

// In a process of its own: Object.prototype is polluted before the client is made and stays so until it is done.

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');
const { TOKEN, closeServers, serve } = require('./servers.js');

afterEach(closeServers);
jest.setTimeout(60_000);

/** Names under which lib/ and the addon look for something, and what an attacker would like them to find. */
const BAIT = `{
  method: 'DELETE', headers: { 'x-polluted': '1' }, body: 'polluted', data: 'polluted', query: { polluted: 1 },
  timeout: 1, signal: AbortSignal.abort(), skipAuthRefresh: true, skipAuth: true, redirect: 'manual',
  throwHttpErrors: true, retry: 1, baseURL: 'http://polluted.invalid', allowedOrigins: ['http://polluted.invalid'],
  allowInsecure: true, tls: { rejectUnauthorized: false }, rejectUnauthorized: false, share: 'polluted',
  session: 'polluted', header: { name: 'x-polluted' }, name: 'x-polluted', format: () => 'polluted',
  getTokens: () => ({ accessToken: 'polluted' }), setTokens() {}, tokens: { accessToken: 'polluted' },
  accessToken: 'polluted', access_token: 'polluted', refreshToken: 'polluted', refresh_token: 'polluted',
  expiresAt: 1, expires_in: 1, queue: { max: 0 }, max: 0, connections: 1, maxResponseSize: 1, rejected: 'polluted',
  isSessionExpired: () => true, isRefreshFailureTerminal: () => true, logout() {}, 'x-polluted': '1',
  authorization: 'polluted', ca: 'polluted', cert: 'polluted', key: 'polluted', type: 'redis', store: { type: 'redis' },
  baseUrl: 'http://polluted.invalid', headerName: 'x-polluted', hasFormat: true, hasStore: true, hasExpired: true,
  seed: { accessToken: 'polluted' }, extra: '{"polluted":1}', queueMax: 0, queueTimeout: 1,
  retryable: true, cause: 'polluted', code: 'polluted', reason: 'polluted', phase: 'polluted', retryAfter: 1,
}`;

const RUN = `
  const refreshed = [];
  const client = new TokenClient({
    baseURL: url,
    tokens: { accessToken: 'first', refreshToken: 'r' },
    refresh: (refreshToken) => { refreshed.push(refreshToken); return { accessToken: token }; },
  });
  const response = await client.get('/start', {});
  seen.first = [response.status, response.attempts, await response.text(), response.headers.get('x-polluted')];
  await client.post('/json', { a: 1 }, { headers: {} });
  await client.request('/plain');
  const { accessToken, refreshToken } = await client.getTokens();
  seen.tokens = [accessToken, refreshToken];
  const missing = await client.get('/missing', {});
  seen.missing = missing.status;
  const foreign = await client.get('http://far.invalid/').catch((error) => error);
  seen.foreign = [foreign.code, foreign.retryable, Object.hasOwn(foreign, 'cause')];
  const refused = await client.get('/missing', { throwHttpErrors: true }).catch((error) => error);
  seen.refused = [refused.code, refused.retryable, Object.hasOwn(refused, 'cause')];
  const moved = await client.get('/moved', { query: { a: 1 }, headers: { 'x-own': '1' } });
  seen.moved = [moved.status, moved.redirected];
  await client.rotate();
  seen.refreshed = refreshed;
  const stored = [];
  const other = new TokenClient({
    baseURL: url, header: {}, queue: {}, tls: {}, refresh() {},
    getTokens: () => ({ accessToken: token }),
    setTokens: (tokens, session) => { stored.push([session, Object.entries(tokens)]); },
  });
  seen.stored = (await other.get('/stored')).status;
  await other.session('two').setTokens({ access_token: token });
  seen.login = stored;
`;

/** Runs `body`, the text of an async function's, under `bait`; gives what it left in `seen`. */
async function polluted(bait, body, url) {
  const program = `
const [, url, entry, token] = process.argv;
const { TokenClient } = require(entry);
const bait = ${bait};
const seen = {};
async function run() {${body}}
process.stdout, process.stderr; // made now: Node's own sockets would take the bait
Object.defineProperties(Object.prototype, Object.getOwnPropertyDescriptors(bait));
run().catch((error) => { seen.error = String(error?.stack ?? error); }).finally(() => {
  for (const key of Object.keys(bait)) delete Object.prototype[key];
  process.stdout.write(JSON.stringify(seen));
});
`;
  const entry = path.resolve(__dirname, '../..');
  // As it is now: this file's environment, not the one jest was started with.
  const options = { env: { ...process.env }, timeout: 30_000 };
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['-e', program, url, entry, TOKEN],
    options,
  );
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test('a polluted Object.prototype changes nothing', async () => {
  const server = await serve((request, response) => {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) response.statusCode = 401;
    if (request.url === '/missing') response.statusCode = 404;
    if (request.url.startsWith('/moved')) response.writeHead(302, { location: '/arrived' });
    response.end('{"ok":true}');
  });
  expect(await polluted(BAIT, RUN, server.url)).toEqual({
    first: [200, 2, '{"ok":true}', null],
    tokens: [TOKEN, 'r'],
    refreshed: ['r', 'r'],
    missing: 404,
    foreign: ['ERR_INSECURE_TRANSPORT', false, false],
    refused: ['ERR_HTTP_STATUS', false, false],
    moved: [200, true],
    stored: 200,
    login: [['two', [['accessToken', TOKEN]]]],
  });
  expect(server.seen.map(({ method, url, body }) => [method, url, String(body)])).toEqual([
    ['GET', '/start', ''],
    ['GET', '/start', ''],
    ['POST', '/json', '{"a":1}'],
    ['GET', '/plain', ''],
    ['GET', '/missing', ''],
    ['GET', '/missing', ''],
    ['GET', '/moved?a=1', ''],
    ['GET', '/arrived', ''],
    ['GET', '/stored', ''],
  ]);
  expect(JSON.stringify(server.seen.map(({ rawHeaders }) => rawHeaders))).not.toMatch(/polluted/i);
});

test('it does not say what a failed refresh means', async () => {
  const bait = `{
    status: 400, statusCode: 401, error: 'invalid_grant', data: { error: 'invalid_grant' }, body: '{"error":"invalid_grant"}',
    response: { status: 400 }, output: { statusCode: 400 }, cause: { status: 400 }, errors: [{ status: 400 }],
    code: 'invalid_grant', syscall: 'connect', headers: { 'retry-after': '3600' },
  }`;
  const body = `
    const tokens = { accessToken: 'first', refreshToken: 'r', expiresAt: 1 };
    const client = new TokenClient({ baseURL: url, tokens, maxRetries: 0, refresh() { throw new Error('down'); } });
    const failed = await client.get('/').catch((error) => error);
    seen.failed = [failed.name, failed.code, failed.sessionLost];
  `;
  expect(await polluted(bait, body, 'http://127.0.0.1:9')).toEqual({
    failed: ['RefreshError', 'ERR_REFRESH_FAILED', false],
  });
});

test('it does not describe properties', async () => {
  const server = await serve((_request, response) => response.writeHead(404).end('gone'));
  const body = `
    const client = new TokenClient({ baseURL: url, tokens: { accessToken: token }, refresh() {} });
    const refused = await client.get('/', { throwHttpErrors: true }).catch((error) => error);
    seen.refused = [refused.name, refused.code, refused.response?.status];
  `;
  expect(await polluted(`{ get: 'polluted', set: 'polluted' }`, body, server.url)).toEqual({
    refused: ['HttpError', 'ERR_HTTP_STATUS', 404],
  });
});

test('a setter on it takes away nothing that is assigned', async () => {
  const server = await serve((_request, response) => response.writeHead(404).end('gone'));
  const names = [
    ...['body', 'download', 'method', 'native', 'callbacks', 'throwHttpErrors', 'retry', 'fetchRedirect'],
    ...['headerName', 'forgets'],
  ];
  const bait = `{ ${names.map((name) => `get ${name}() {}, set ${name}(_value) {},`).join(' ')} }`;
  const body = `
    const tokens = { accessToken: token };
    const client = new TokenClient({ baseURL: url, throwHttpErrors: true, tokens, refresh() {} });
    const refused = await client.post('/', { a: 1 }, { headers: {} }).catch((error) => error);
    seen.refused = [refused.code, await refused.response?.text()];
    seen.fetched = await (await client.fetch('/')).text();
  `;
  expect(await polluted(bait, body, server.url)).toEqual({
    refused: ['ERR_HTTP_STATUS', 'gone'],
    fetched: 'gone',
  });
  expect(server.seen.map(({ method }) => method)).toEqual(['POST', 'GET']);
});

test('it does not make a stream of a body', async () => {
  const server = await serve();
  const body = `
    const client = new TokenClient({ baseURL: url, tokens: { accessToken: token }, refresh() {} });
    seen.status = (await client.post('/', { a: 1 })).status;
  `;
  expect(await polluted('{ pipe() {}, getReader() {} }', body, server.url)).toEqual({ status: 200 });
  expect(server.seen.map((request) => String(request.body))).toEqual(['{"a":1}']);
});
