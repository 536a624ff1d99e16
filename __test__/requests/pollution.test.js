'use strict';

// In a process of its own: Object.prototype is polluted before the client is made and stays so until it is done.

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');
const { TOKEN, closeServers, serve } = require('./servers.js');

afterEach(closeServers);
jest.setTimeout(60_000);

const PROGRAM = `
const [, url, entry, token] = process.argv;
const { TokenClient } = require(entry);
const bait = {
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
  retryable: true, cause: 'polluted', code: 'polluted', reason: 'polluted', phase: 'polluted', retryAfter: 1,
};
const seen = {};
async function run() {
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
  await client.rotate();
  seen.refreshed = refreshed;
}
process.stdout, process.stderr; // made now: Node's own sockets would take the bait
for (const key of Object.keys(bait)) Object.prototype[key] = bait[key];
run().catch((error) => { seen.error = String(error?.stack ?? error); }).finally(() => {
  for (const key of Object.keys(bait)) delete Object.prototype[key];
  process.stdout.write(JSON.stringify(seen));
});
`;

test('a polluted Object.prototype changes nothing', async () => {
  const server = await serve((request, response) => {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) response.statusCode = 401;
    if (request.url === '/missing') response.statusCode = 404;
    response.end('{"ok":true}');
  });
  const entry = path.resolve(__dirname, '../..');
  const run = promisify(execFile);
  // As it is now: this file's environment, not the one jest was started with.
  const options = { env: { ...process.env }, timeout: 30_000 };
  const { stdout, stderr } = await run(process.execPath, ['-e', PROGRAM, server.url, entry, TOKEN], options);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    first: [200, 2, '{"ok":true}', null],
    tokens: [TOKEN, 'r'],
    refreshed: ['r', 'r'],
    missing: 404,
    foreign: ['ERR_INSECURE_TRANSPORT', false, false],
    refused: ['ERR_HTTP_STATUS', false, false],
  });
  expect(server.seen.map(({ method, url, body }) => [method, url, String(body)])).toEqual([
    ['GET', '/start', ''],
    ['GET', '/start', ''],
    ['POST', '/json', '{"a":1}'],
    ['GET', '/plain', ''],
    ['GET', '/missing', ''],
    ['GET', '/missing', ''],
  ]);
  expect(JSON.stringify(server.seen.map(({ rawHeaders }) => rawHeaders))).not.toMatch(/polluted/i);
});
