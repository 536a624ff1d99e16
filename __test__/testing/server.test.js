'use strict';

const { once } = require('node:events');
const net = require('node:net');
const { TokenClient } = require('../..');
const { startAuthServer } = require('../../lib/testing');
const { postForm, refresh, send, useApi } = require('./http');

let server;
beforeEach(async () => {
  server = await startAuthServer();
});
afterEach(() => server.close());

const json = { 'content-type': 'application/json' };
const post = (url, body, headers = json) => send(url, { method: 'POST', headers, body });

describe('the token endpoint', () => {
  test('answers a form as RFC 6749 §5.1 says', async () => {
    const response = await refresh(server, server.login().refreshToken);
    expect(response.status).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
    });
    const answer = response.json();
    expect(answer).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'api' });
    expect(Object.keys(answer).sort()).toEqual([
      'access_token',
      'expires_in',
      'refresh_token',
      'scope',
      'token_type',
    ]);
    expect((await useApi(server, answer.access_token)).status).toBe(200);
  });

  test('takes a JSON body too', async () => {
    const { refreshToken } = server.login();
    const body = JSON.stringify({ grant_type: 'refresh_token', refresh_token: refreshToken });
    expect((await post(server.tokenEndpoint, body)).status).toBe(200);
  });

  test.each([
    ['no grant type', 'refresh_token=x', 'invalid_request'],
    ['no refresh token', 'grant_type=refresh_token', 'invalid_request'],
    [
      'a parameter given twice',
      'grant_type=refresh_token&refresh_token=x&refresh_token=y',
      'invalid_request',
    ],
    ['another grant type', 'grant_type=password&username=x', 'unsupported_grant_type'],
    ['a scope beyond the grant', 'grant_type=refresh_token&refresh_token=x&scope=api+admin', 'invalid_scope'],
    ['an unknown token', 'grant_type=refresh_token&refresh_token=x', 'invalid_grant'],
  ])('refuses %s', async (_case, body, error) => {
    const response = await post(server.tokenEndpoint, body, {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(response.status).toBe(400);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.json()).toEqual({ error });
  });

  test.each([
    ['broken JSON', '{', json],
    ['JSON that is no object', '[]', json],
    ['a parameter that is no string', '{"grant_type":7}', json],
    ['another content type', 'grant_type=refresh_token', { 'content-type': 'text/plain' }],
  ])('refuses %s', async (_case, body, headers) => {
    const response = await post(server.tokenEndpoint, body, headers);
    expect(response.status).toBe(400);
    expect(response.json()).toEqual({ error: 'invalid_request' });
  });

  test('a refused scope spends nothing', async () => {
    const { refreshToken } = server.login();
    const params = { grant_type: 'refresh_token', refresh_token: refreshToken, scope: 'admin' };
    expect((await postForm(server.tokenEndpoint, params)).status).toBe(400);
    expect((await refresh(server, refreshToken)).status).toBe(200);
  });

  test('a secret in the header counts in the encoding of a form; one that is not encoded is wrong', async () => {
    server.clientSecret = '100% ä';
    const statuses = [];
    for (const secret of ['100%25+%C3%A4', '100%25%20%C3%A4', '100% ä', '%zz']) {
      const authorization = `Basic ${Buffer.from(`me:${secret}`).toString('base64')}`;
      const { status } = await refresh(server, server.login().refreshToken, { headers: { authorization } });
      statuses.push(status);
    }
    expect(statuses).toEqual([200, 200, 401, 401]);
    expect(server.ledger.counts).toMatchObject({ refreshes: 2, refused: 2 });
  });

  test('other methods and paths', async () => {
    const response = await send(server.tokenEndpoint);
    expect([response.status, response.headers.allow]).toEqual([405, 'POST']);
    expect((await send(`${server.url}/apix`)).status).toBe(404);
  });

  test('expiresIn: false says nothing of the lifetime, which ends all the same', async () => {
    const silent = await startAuthServer({ expiresIn: false, accessTokenTtl: 1_000 });
    const login = silent.login();
    expect(login).not.toHaveProperty('expiresAt');
    expect((await refresh(silent, login.refreshToken)).json()).not.toHaveProperty('expires_in');
    silent.advance(1_000);
    expect((await useApi(silent, login.accessToken)).status).toBe(401);
    await silent.close();
  });
});

describe('the revocation endpoint', () => {
  test.each(['refreshToken', 'accessToken'])('a %s ends its session', async (kind) => {
    const tokens = server.login();
    expect((await postForm(server.revocationEndpoint, { token: tokens[kind] })).status).toBe(200);
    expect((await useApi(server, tokens.accessToken)).status).toBe(401);
    expect((await refresh(server, tokens.refreshToken)).json()).toEqual({ error: 'invalid_grant' });
    expect(server.ledger.counts.revocations).toBe(1);
    expect(server.ledger.lost).toEqual([]);
  });

  test('an unknown token is fine, none at all is not', async () => {
    expect((await postForm(server.revocationEndpoint, { token: 'x' })).status).toBe(200);
    expect((await postForm(server.revocationEndpoint, {})).json()).toEqual({ error: 'invalid_request' });
  });
});

describe('the API', () => {
  test('echoes what came, for whom, and in which generation', async () => {
    const first = server.login('ada');
    const { access_token: token } = (await refresh(server, first.refreshToken)).json();
    const response = await send(`${server.url}/api/a/b?c=d`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'x-one': '1' },
      body: 'grüße',
    });
    expect(response.json()).toEqual({
      method: 'PUT',
      path: '/api/a/b?c=d',
      headers: expect.objectContaining({ authorization: `Bearer ${token}`, 'x-one': '1' }),
      body: 'grüße',
      subject: 'ada',
      generation: 1,
    });
  });

  test('gives a body that is not text back as base64', async () => {
    const body = Buffer.from([0xff, 0x00, 0xfe]);
    const { accessToken } = server.login();
    const echo = (await useApi(server, accessToken, { method: 'POST', body })).json();
    expect(echo.bodyBase64).toBe(body.toString('base64'));
    expect(echo).not.toHaveProperty('body');
  });

  test.each([
    ['no token', {}, 'Bearer'],
    ['an unknown token', { authorization: 'Bearer x' }, 'Bearer error="invalid_token"'],
    ['another scheme', { authorization: 'Basic eDp5' }, 'Bearer'],
  ])('refuses %s', async (_case, headers, challenge) => {
    const response = await send(`${server.url}/api/things`, { headers });
    expect([response.status, response.headers['www-authenticate']]).toEqual([401, challenge]);
  });

  test('refuses a refresh token', async () => {
    expect((await useApi(server, server.login().refreshToken)).status).toBe(401);
  });

  test('a token runs out after accessTokenTtl', async () => {
    const { accessToken } = server.login();
    server.advance(3_599_000);
    expect((await useApi(server, accessToken)).status).toBe(200);
    server.advance(1_000);
    expect((await useApi(server, accessToken)).status).toBe(401);
  });

  test('expire ends the access tokens of one subject, not its session', async () => {
    const ada = server.login('ada');
    const bob = server.login('bob');
    expect(server.expire('ada')).toBe(1);
    expect((await useApi(server, ada.accessToken)).status).toBe(401);
    expect((await useApi(server, bob.accessToken)).status).toBe(200);
    const next = (await refresh(server, ada.refreshToken)).json();
    expect((await useApi(server, next.access_token)).status).toBe(200);
  });

  test('revoke ends the sessions of one subject', async () => {
    const ada = server.login('ada');
    const bob = server.login('bob');
    expect(server.revoke('ada')).toBe(1);
    expect((await refresh(server, ada.refreshToken)).status).toBe(400);
    expect((await refresh(server, bob.refreshToken)).status).toBe(200);
    expect(server.revoke()).toBe(1);
  });

  test('/public wants no token', async () => {
    const response = await send(`${server.url}/public/x`, { method: 'POST', body: 'hi' });
    expect(response.json()).toMatchObject({ path: '/public/x', body: 'hi', subject: null, generation: null });
  });
});

describe('a body above 64 MiB gets a 413, and the server serves on', () => {
  const large = Buffer.alloc(64 * 1024 * 1024 + 1);

  test.each([
    ['/public/things', { 'content-length': large.length }],
    ['/public/things', { 'transfer-encoding': 'chunked' }],
    ['/token', { 'transfer-encoding': 'chunked' }],
  ])('at %s with %j', async (path, headers) => {
    const refused = await post(`${server.url}${path}`, large, headers);
    expect([refused.status, refused.json().error]).toEqual([413, 'content_too_large']);
    expect((await send(`${server.url}/public/things`)).status).toBe(200);
  });

  test('which a client gets that streams its body', async () => {
    const client = new TokenClient({ baseURL: server.url, tokens: server.login(), refresh: () => {} });
    async function* parts() {
      for (let sent = 0; sent < large.length; sent += 1024 * 1024) yield large.subarray(0, 1024 * 1024);
    }
    expect((await client.post('/api/things', parts())).status).toBe(413);
    await client.close();
  });
});

describe('tokens that the API refuses', () => {
  const challenge = async (path, token) => {
    const headers = { authorization: `Bearer ${token}` };
    const { status, headers: got } = await send(`${server.url}${path}`, { headers });
    return [status, got['www-authenticate']];
  };

  test('at forbidden paths and below them, until that is taken back', async () => {
    const { accessToken } = server.login();
    const rule = server.forbid('/api/admin');
    server.forbid('/api/write', { error: 'insufficient_scope' });
    expect(await challenge('/api/admin', accessToken)).toEqual([401, 'Bearer']);
    expect(await challenge('/api/admin/7?x', accessToken)).toEqual([401, 'Bearer']);
    expect(await challenge('/api/write', accessToken)).toEqual([401, 'Bearer error="insufficient_scope"']);
    expect(await challenge('/api/administration', accessToken)).toEqual([200, undefined]);
    expect(server.ledger.counts).toMatchObject({ rejected: 3, apiRequests: 4 });
    rule.cancel();
    expect(await challenge('/api/admin', accessToken)).toEqual([200, undefined]);
    expect(() => server.forbid('/public')).toThrow(TypeError);
  });

  test('until they are validAfter old, if a refresh brought them', async () => {
    await server.close();
    server = await startAuthServer({ validAfter: 5_000 });
    const { accessToken, refreshToken } = server.login();
    expect((await useApi(server, accessToken)).status).toBe(200);
    const next = (await refresh(server, refreshToken)).json();
    expect((await useApi(server, next.access_token)).status).toBe(401);
    server.advance(5_000);
    expect((await useApi(server, next.access_token)).status).toBe(200);
    expect(server.ledger.counts.expiries).toBe(0);
  });
});

describe('close', () => {
  test('ends idle, hanging and silent connections, and resolves each time', async () => {
    server.fault({ at: 'api', kind: 'hang' });
    const hanging = useApi(server, server.login().accessToken);
    const silent = net.connect(server.port, '127.0.0.1');
    await Promise.all([once(silent, 'connect'), server.waitFor((ledger) => ledger.hanging === 1)]);
    const ended = once(silent, 'close');
    silent.resume();
    await Promise.all([server.close(), server.close(), expect(hanging).rejects.toThrow(), ended]);
    await expect(send(`${server.url}/public/x`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('rejects who still waits', async () => {
    const waiting = server.waitFor(() => false);
    await server.close();
    await expect(waiting).rejects.toThrow('closed');
  });

  test('is what asyncDispose does', async () => {
    await server[Symbol.asyncDispose]();
    await expect(send(`${server.url}/public/x`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('options', () => {
  test.each([
    [{ reuse: 'strickt' }, 'reuse'],
    [{ leeway: -1 }, 'leeway'],
    [{ accessTokenTtl: 0 }, 'accessTokenTtl'],
    [{ accessTokenTtl: '250' }, 'accessTokenTtl'],
    [{ latency: [5, 1] }, 'latency'],
    [{ apiLatency: NaN }, 'apiLatency'],
    [{ port: 70_000 }, 'port'],
    [{ expiresIn: 'yes' }, 'expiresIn'],
    [{ ttl: 5 }, 'ttl'],
    [null, 'options'],
  ])('%j is refused by name', async (options, name) => {
    await expect(startAuthServer(options)).rejects.toThrow(name);
  });

  test('a port in use rejects', async () => {
    await expect(startAuthServer({ port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
