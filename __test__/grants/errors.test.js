'use strict';

// What a program is told when a token endpoint fails: codes that it can test, and no token, no secret, nothing that the server wrote.

const { once } = require('node:events');
const { createServer } = require('node:http');
const { inspect } = require('node:util');
const { TokenClient } = require('../../index.js');

const SECRET = 'cl1ent-s3cr3t';
const WRITTEN = 'wr1tten-by-the-server';
const HELD = { accessToken: 'a-h3ld', refreshToken: 'r-h3ld' };

let server;
let base;
/** Path → [status, body, headers]. */
let answers;
let asked;
let clients;

beforeEach(async () => {
  [answers, asked, clients] = [{}, [], []];
  server = createServer((request, response) => {
    asked.push(request.url);
    request.resume().on('end', () => {
      const [status, body, headers] = answers[request.url] ?? [404, {}];
      response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${server.address().port}`;
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await new Promise((resolve) => server.close(resolve));
});

function connect(grant = {}, options = {}) {
  const client = new TokenClient({
    baseURL: base,
    grant: {
      ...{ type: 'refresh_token', clientId: 'app', tokenEndpoint: `${base}/token` },
      ...{ revocationEndpoint: `${base}/revoke` },
      auth: { method: 'client_secret_post', clientSecret: SECRET },
      ...grant,
    },
    tokens: HELD,
    maxRetries: 0,
    ...options,
  });
  clients.push(client);
  return client;
}

/** The error of this promise, after a look at all that it shows. */
async function errorOf(promise) {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  const shown = inspect([error, error.cause], { depth: 8, showHidden: true }) + JSON.stringify(error);
  for (const text of [SECRET, WRITTEN, HELD.accessToken, HELD.refreshToken])
    expect(shown).not.toContain(text);
  return error;
}

test.each([
  [400, { error: 'invalid_scope', error_description: WRITTEN }, 'ERR_REFRESH_FAILED', 'invalid_scope'],
  [401, { error: 'invalid_client', error_description: SECRET }, 'ERR_REFRESH_FAILED', 'invalid_client'],
  [
    400,
    { error: 'invalid_grant', error_description: HELD.refreshToken },
    'ERR_SESSION_LOST',
    'invalid_grant',
  ],
  [400, '', 'ERR_SESSION_LOST', undefined],
  [503, WRITTEN, 'ERR_REFRESH_FAILED', undefined],
  [403, { error: WRITTEN }, 'ERR_REFRESH_FAILED', undefined],
  [302, '', 'ERR_REFRESH_FAILED', undefined],
  [200, { access_token: `${WRITTEN} ` + WRITTEN }, 'ERR_REFRESH_MALFORMED', undefined],
])('status %s and %j: %s', async (status, body, code, oauthError) => {
  answers['/token'] = [status, body, { location: '/elsewhere' }];
  const error = await errorOf(connect().rotate());
  expect(error).toMatchObject({ code, cause: { status } });
  expect(error.cause.oauthError).toBe(oauthError);
  expect(error.message).toContain(oauthError ?? `HTTP ${status}`);
  expect(asked).toEqual(['/token']);
});

test('a server that is not there', async () => {
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address();
  await new Promise((resolve) => gone.close(resolve));
  const error = await errorOf(connect({ tokenEndpoint: `http://127.0.0.1:${port}/token` }).rotate());
  expect(error).toMatchObject({ code: 'ERR_REFRESH_FAILED', cause: { code: 'ECONNREFUSED' } });
});

test('Retry-After holds for the other sessions too', async () => {
  answers['/token'] = [429, '', { 'retry-after': '60' }];
  const client = connect();
  const first = await errorOf(client.rotate());
  await client.session('other').setTokens(HELD);
  const second = await errorOf(client.session('other').rotate());
  for (const error of [first, second]) expect(error.retryAfter).toBeGreaterThan(50_000);
  expect(asked).toEqual(['/token']);
});

test('metadata of another issuer, and none', async () => {
  const issued = { tokenEndpoint: undefined, issuer: base };
  answers['/.well-known/openid-configuration'] = [
    200,
    { issuer: 'https://evil.example', token_endpoint: base },
  ];
  expect((await errorOf(connect(issued).rotate())).message).toContain('names another issuer');
  answers = {};
  expect((await errorOf(connect(issued).rotate())).message).toContain('has no metadata');
  expect(asked).not.toContain('/token');
});

test('metadata that name a plain http endpoint elsewhere: nothing goes there, also if the API has a Unix socket', async () => {
  answers['/.well-known/openid-configuration'] = [
    200,
    { issuer: base, token_endpoint: 'http://auth.example.invalid/token' },
  ];
  const socketPath = process.platform === 'win32' ? undefined : '/nowhere/api.sock';
  const client = connect({ tokenEndpoint: undefined, issuer: base }, { socketPath });
  expect((await errorOf(client.rotate())).message).toContain('https');
});

test('revoke() that fails: the session goes on', async () => {
  answers['/revoke'] = [503, WRITTEN];
  const client = connect();
  const error = await errorOf(client.revoke());
  expect(error).toMatchObject({ code: 'ERR_REVOKE_FAILED', retryable: true });
  expect(await client.getAccessToken()).toBe(HELD.accessToken);
});

test('a logout whose revocation fails: it counts, and onHookError is told', async () => {
  answers['/revoke'] = [400, { error: 'invalid_client' }];
  const told = [];
  const onHookError = (error, hook) => told.push([error.code, hook]);
  const client = connect({ revokeOnLogout: true }, { onHookError });
  await client.setTokens(null);
  await expect(client.getAccessToken()).rejects.toMatchObject({ reason: 'logged_out' });
  expect(told).toEqual([['ERR_REVOKE_FAILED', 'revokeOnLogout']]);
});
