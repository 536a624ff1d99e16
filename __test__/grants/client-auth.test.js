'use strict';

// Every client authentication that oidc-provider has, in every form in which users have their keys: it judges, not we.

const { createPublicKey, generateKeyPairSync, randomUUID, sign } = require('node:crypto');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { inspect } = require('node:util');
const { TokenClient } = require('../../index.js');
const tls = require('../support/tls');
const { startChild } = require('./support/child.js');

/** With all that a form, or base64, could break. */
const SECRET = 's3cr3t:+/% &=?~!"';
const LONG_SECRET = 'a secret that is long enough for HS512, which wants 64 bytes of it!';
const PASSPHRASE = 'passphrase';

const keys = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  ES512: generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey,
  EdDSA: generateKeyPairSync('ed25519').privateKey,
};
const publicJwk = (key) => createPublicKey(key).export({ format: 'jwk' });
const pem = (key, type, encryption) => key.export({ type, format: 'pem', ...encryption });
const encryption = { cipher: 'aes-256-cbc', passphrase: PASSPHRASE };

const client = (client_id, token_endpoint_auth_method, more) => ({
  ...{
    client_id,
    token_endpoint_auth_method,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  },
  scope: 'api:read api:write',
  ...more,
});

const clients = [
  client('basic', 'client_secret_basic', { client_secret: SECRET }),
  client('odd:client id+%', 'client_secret_basic', { client_secret: SECRET }),
  client('post', 'client_secret_post', { client_secret: SECRET }),
  ...['HS256', 'HS384', 'HS512'].map((alg) =>
    client(`secret-${alg}`, 'client_secret_jwt', {
      client_secret: LONG_SECRET,
      token_endpoint_auth_signing_alg: alg,
    }),
  ),
  ...Object.entries(keys).map(([alg, key]) =>
    client(`key-${alg}`, 'private_key_jwt', { jwks: { keys: [{ ...publicJwk(key), kid: 'current' }] } }),
  ),
  client('mtls', 'tls_client_auth', { tls_client_auth_san_dns: 'localhost' }),
];

let provider;
let folder;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'grants-'));
  provider = await startChild('provider', { clients });
});

afterAll(async () => {
  await provider?.stop();
  rmSync(folder, { recursive: true });
});

/** Gets a token with this grant, and uses it. */
async function use(grant, { port = provider.port, scheme = 'http', ...options } = {}) {
  const url = `${scheme}://127.0.0.1:${port}`;
  const before = await provider.ask();
  const api = new TokenClient({
    baseURL: url,
    grant: { type: 'client_credentials', tokenEndpoint: `${url}/token`, ...grant },
    ...options,
  });
  try {
    const response = await api.get('/api/orders');
    const { tokenRequests, granted } = await provider.ask();
    expect({ status: response.status, tokenRequests: tokenRequests - before.tokenRequests }).toEqual({
      status: 200,
      tokenRequests: 1,
    });
    expect(granted.at(-1)).toMatchObject({ client: grant.clientId, grant: 'client_credentials' });
    return await response.json();
  } finally {
    await api.close();
  }
}

const written = (name, text) => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return { file };
};

test.each([
  ['client_secret_basic', 'basic', { clientSecret: SECRET }],
  ['client_secret_basic', 'odd:client id+%', { clientSecret: SECRET }],
  ['client_secret_post', 'post', { clientSecret: () => SECRET }],
  ['client_secret_post', 'post', { clientSecret: async () => SECRET }],
  ['client_secret_jwt', 'secret-HS256', { clientSecret: LONG_SECRET }],
  ['client_secret_jwt', 'secret-HS384', { clientSecret: LONG_SECRET, algorithm: 'HS384' }],
  ['client_secret_jwt', 'secret-HS512', { clientSecret: LONG_SECRET, algorithm: 'HS512' }],
])('%s as %s', async (method, clientId, fields) => {
  await use({ clientId, auth: { method, ...fields } });
});

test('a secret from an environment variable, and from a file', async () => {
  process.env.TOKEN_ROTATOR_SECRET = SECRET;
  for (const clientSecret of [{ env: 'TOKEN_ROTATOR_SECRET' }, written('secret', `${SECRET}\n`)]) {
    await use({ clientId: 'basic', auth: { method: 'client_secret_basic', clientSecret } });
  }
  delete process.env.TOKEN_ROTATOR_SECRET;
});

test.each([
  ...Object.keys(keys).map((alg) => [alg, alg]),
  ...['RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg) => [alg, 'RS256']),
])('private_key_jwt with %s, a key of %s', async (algorithm, kind) => {
  await use({
    clientId: `key-${kind}`,
    auth: { method: 'private_key_jwt', key: keys[kind], algorithm, keyId: 'current' },
  });
});

describe('private_key_jwt with a key as', () => {
  const { RS256: rsa, ES256: ec, EdDSA: ed } = keys;
  const forms = {
    KeyObject: ['key-ES256', ec],
    'PKCS#8': ['key-RS256', pem(rsa, 'pkcs8')],
    'PKCS#1': ['key-RS256', pem(rsa, 'pkcs1')],
    SEC1: ['key-ES256', pem(ec, 'sec1')],
    Ed25519: ['key-EdDSA', pem(ed, 'pkcs8')],
    DER: ['key-ES256', ec.export({ type: 'pkcs8', format: 'der' })],
    JWK: ['key-ES256', { ...ec.export({ format: 'jwk' }), kid: 'current', alg: 'ES256' }],
    'encrypted PKCS#8': ['key-RS256', pem(rsa, 'pkcs8', encryption), PASSPHRASE],
    'encrypted traditional PEM': ['key-ES256', pem(ec, 'sec1', encryption), PASSPHRASE],
    'encrypted DER': ['key-RS256', rsa.export({ type: 'pkcs8', format: 'der', ...encryption }), PASSPHRASE],
    function: ['key-ES256', async () => ec],
    'function, with a passphrase from another': [
      'key-ES256',
      () => pem(ec, 'pkcs8', encryption),
      () => PASSPHRASE,
    ],
  };

  test.each(Object.entries(forms))('%s', async (_form, [clientId, key, passphrase]) => {
    await use({ clientId, auth: { method: 'private_key_jwt', key, passphrase } });
  });

  const files = {
    'PKCS#8': ['key-RS256', pem(rsa, 'pkcs8')],
    'PKCS#1': ['key-RS256', pem(rsa, 'pkcs1')],
    SEC1: ['key-ES256', pem(ec, 'sec1')],
    JWK: ['key-ES384', JSON.stringify({ ...keys.ES384.export({ format: 'jwk' }), kid: 'current' })],
    'encrypted PKCS#8': ['key-RS256', pem(rsa, 'pkcs8', encryption), PASSPHRASE],
  };

  test.each(Object.entries(files))('file of %s', async (name, [clientId, text, passphrase]) => {
    const key = written(name.replace(/\W/g, ''), text);
    await use({ clientId, auth: { method: 'private_key_jwt', key, passphrase } });
  });
});

test('client_assertion: an assertion for each use, because the server refuses one that it has seen', async () => {
  const assertion = () => assertionOf(keys.ES256, 'key-ES256', `http://127.0.0.1:${provider.port}`);
  for (let i = 0; i < 2; i += 1) {
    await use({ clientId: 'key-ES256', auth: { method: 'client_assertion', assertion } });
  }
});

/** As somebody else makes it. */
function assertionOf(key, clientId, audience) {
  const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: clientId, sub: clientId, aud: audience, iat: now, exp: now + 60, jti: randomUUID() };
  const text = `${encode({ alg: 'ES256' })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

test('tls_client_auth: the certificate of the option tls', async () => {
  await use(
    { clientId: 'mtls', auth: { method: 'tls_client_auth' } },
    { port: provider.securePort, scheme: 'https', tls: { ca: tls.ca, cert: tls.server, key: tls.key } },
  );
});

test('an issuer: its metadata name the endpoint', async () => {
  const issuer = `http://127.0.0.1:${provider.port}`;
  await use({
    ...{ clientId: 'basic', tokenEndpoint: undefined, issuer, scope: ['api:read'] },
    auth: { method: 'client_secret_basic', clientSecret: SECRET },
  }).then(({ scope }) => expect(scope).toBe('api:read'));
});

test('two secrets, of which the server knows the second: it is asked twice once', async () => {
  const url = `http://127.0.0.1:${provider.port}`;
  const before = await provider.ask();
  const auth = { method: 'client_secret_post', clientSecret: ['the next secret', SECRET] };
  const api = new TokenClient({
    baseURL: url,
    grant: { type: 'client_credentials', tokenEndpoint: `${url}/token`, clientId: 'post', auth },
  });
  for (let i = 0; i < 3; i += 1) await api.rotate();
  await api.close();
  const { tokenRequests, errors } = await provider.ask();
  expect(tokenRequests - before.tokenRequests).toBe(4);
  expect(errors.slice(before.errors.length)).toEqual([{ client: 'post', error: 'invalid_client' }]);
});

test('a wrong secret is an error that names the setting and not the secret, and costs no session', async () => {
  const url = `http://127.0.0.1:${provider.port}`;
  const wrong = 'wr0ng-secret-marker';
  const auth = { method: 'client_secret_basic', clientSecret: wrong };
  const api = new TokenClient({
    baseURL: url,
    maxRetries: 0,
    grant: { type: 'client_credentials', tokenEndpoint: `${url}/token`, clientId: 'basic', auth },
  });
  const error = await api.get('/api').catch((thrown) => thrown);
  await api.close();
  expect(error).toMatchObject({ code: 'ERR_REFRESH_FAILED', sessionLost: false });
  expect(error.message).toContain('invalid_client');
  expect(inspect(error, { depth: 9 })).not.toContain(wrong);
});
