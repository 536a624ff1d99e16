'use strict';

// `jwt_bearer` and `token_exchange`, at a server that has npm `jose` check what it gets.

const { createPublicKey, generateKeyPairSync, randomUUID, sign } = require('node:crypto');
const { mkdtempSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { TokenClient } = require('../../index.js');
const { startChild } = require('./support/child.js');

const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';
const ISSUER = 'service@project.example.com';
const CLUSTER = 'https://kubernetes.default.svc';
const AUDIENCE = 'https://sts.example.com';

const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const { privateKey: next } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = (privateKey, kid) => ({ ...createPublicKey(privateKey).export({ format: 'jwk' }), kid });

const clients = [];
const servers = [];

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function serve(options) {
  const server = await startChild('authority', options);
  servers.push(server);
  return server;
}

function connect(server, grant, options) {
  const { url: baseURL, tokenEndpoint } = server;
  const client = new TokenClient({
    baseURL,
    grant: { tokenEndpoint, clientId: 'app', ...grant },
    ...options,
  });
  clients.push(client);
  return client;
}

/** A projected token, as Kubernetes makes it. */
function projected(more) {
  const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: CLUSTER,
    sub: 'system:serviceaccount:a:b',
    aud: [AUDIENCE],
    iat: now,
    exp: now + 3600,
    ...more,
  };
  const text = `${encode({ alg: 'RS256', kid: 'cluster' })}.${encode(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

describe('jwt_bearer', () => {
  test('claims are signed here, anew for each request', async () => {
    const trusted = { [ISSUER]: { keys: [jwk(key, 'one')] } };
    const server = await serve({ trusted, claims: { scope: 'a b', sub: ISSUER } });
    const client = connect(server, {
      type: 'jwt_bearer',
      clientId: ISSUER,
      key,
      keyId: 'one',
      claims: { scope: 'a b' },
    });
    expect((await client.get('/api/x')).status).toBe(200);
    for (let i = 0; i < 3; i += 1) await client.rotate();
    const { errors, forms } = await server.ask();
    expect(errors).toEqual([]);
    expect(new Set(forms.map(({ assertion }) => assertion)).size).toBe(4);
    expect(forms[0].grant_type).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
  });

  test('a ready-made assertion comes from its function each time', async () => {
    const trusted = { [CLUSTER]: { keys: [jwk(key, 'cluster')] } };
    const server = await serve({ trusted, audience: AUDIENCE });
    const assertion = jest.fn(async () => projected({ jti: randomUUID() }));
    const client = connect(server, { type: 'jwt_bearer', assertion });
    await client.rotate();
    await client.rotate();
    expect((await client.get('/api/x')).status).toBe(200);
    expect((await server.ask()).errors).toEqual([]);
    expect(assertion).toHaveBeenCalledTimes(2);
  });

  test('a refresh token that it brings is used first, and once it is refused the assertion again', async () => {
    const trusted = { [ISSUER]: { keys: [jwk(key, 'one')] } };
    const server = await serve({ trusted, rotates: true });
    const client = connect(server, { type: 'jwt_bearer', clientId: ISSUER, key, keyId: 'one' });
    await client.rotate();
    await client.rotate();
    await client.setTokens({ accessToken: 'a', refreshToken: 'unknown' });
    await client.rotate();
    const { forms, reuses } = await server.ask();
    const kinds = forms.map(({ grant_type: type }) => type.split(':').at(-1));
    expect(kinds).toEqual(['jwt-bearer', 'refresh_token', 'refresh_token', 'jwt-bearer']);
    expect(reuses).toBe(0);
    expect((await client.get('/api/x')).status).toBe(200);
  });
});

describe('token_exchange', () => {
  const trusted = { [CLUSTER]: { keys: [jwk(key, 'cluster')] } };
  let folder;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'grants-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  test('the subject token of a file, which is replaced as Kubernetes does', async () => {
    const server = await serve({ trusted, audience: AUDIENCE, form: { audience: 'api', scope: 'a b' } });
    const file = path.join(folder, 'token');
    writeFileSync(file, projected());
    const client = connect(server, {
      ...{ type: 'token_exchange', subjectToken: { file }, subjectTokenType: JWT_TYPE },
      ...{
        audience: 'api',
        scope: ['a', 'b'],
        requestedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
      },
    });
    expect((await client.get('/api/x')).status).toBe(200);
    const second = projected({ jti: 'second' });
    writeFileSync(path.join(folder, 'new'), second);
    renameSync(path.join(folder, 'new'), file);
    await client.rotate();
    const { errors, forms } = await server.ask();
    expect(errors).toEqual([]);
    expect(forms.at(-1)).toMatchObject({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: second,
      subject_token_type: JWT_TYPE,
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
  });

  test('with an actor, a resource and fields of the program', async () => {
    const form = { resource: 'https://api.example.com/v1', options: '{"a":1}', actor_token_type: JWT_TYPE };
    const server = await serve({ trusted, audience: AUDIENCE, form });
    const client = connect(server, {
      ...{ type: 'token_exchange', subjectToken: projected(), subjectTokenType: JWT_TYPE },
      ...{ actorToken: () => projected({ sub: 'actor' }), actorTokenType: JWT_TYPE },
      ...{ resource: form.resource, params: { options: form.options } },
    });
    expect((await client.get('/api/x')).status).toBe(200);
    expect((await server.ask()).errors).toEqual([]);
  });

  test('a subject token that the server refuses ends nothing', async () => {
    const server = await serve({ trusted, audience: AUDIENCE });
    const file = path.join(folder, 'token');
    writeFileSync(file, projected({ aud: 'somebody else' }));
    const grant = { type: 'token_exchange', subjectToken: { file }, subjectTokenType: JWT_TYPE };
    const refused = connect(server, grant, { maxRetries: 0 }).rotate();
    await expect(refused).rejects.toMatchObject({ code: 'ERR_REFRESH_FAILED', sessionLost: false });
    writeFileSync(file, projected());
    expect((await connect(server, grant).get('/api/x')).status).toBe(200);
  });
});

test('a key that is exchanged under traffic: no request fails', async () => {
  const trusted = { [ISSUER]: { keys: [jwk(key, 'one'), jwk(next, 'two')] } };
  const server = await serve({ trusted, uses: 1 });
  const folder = mkdtempSync(path.join(os.tmpdir(), 'grants-'));
  try {
    const file = path.join(folder, 'key.json');
    const write = (privateKey, kid) => {
      writeFileSync(`${file}.new`, JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid }));
      renameSync(`${file}.new`, file);
    };
    write(key, 'one');
    const client = connect(server, { type: 'jwt_bearer', clientId: ISSUER, key: { file } });
    for (let i = 0; i < 20; i += 1) {
      write(...(i % 2 === 0 ? [next, 'two'] : [key, 'one']));
      expect((await client.get('/api/x')).status).toBe(200);
    }
    const { errors, forms } = await server.ask();
    expect(errors).toEqual([]);
    const kids = forms.map(
      ({ assertion }) => JSON.parse(Buffer.from(assertion.split('.')[0], 'base64url')).kid,
    );
    expect(new Set(kids)).toEqual(new Set(['one', 'two']));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
