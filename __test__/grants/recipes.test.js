'use strict';

// The recipes of docs/grants.md as they are: a proxy leads every host to a server that checks what the real one checks.

const { createPublicKey, generateKeyPairSync, sign, verify, X509Certificate } = require('node:crypto');
const { once } = require('node:events');
const { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { startChild } = require('./support/child.js');

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';
const CLUSTER = 'https://oidc.example.com/id/cluster';
const SUBJECT = 'system:serviceaccount:shop:orders';

const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = key.export({ type: 'pkcs8', format: 'pem' });
const jwks = (privateKey, more) => ({
  keys: [{ ...createPublicKey(privateKey).export({ format: 'jwk' }), ...more }],
});
const trusted = { [CLUSTER]: jwks(key, { kid: 'cluster' }) };

let folder;
let server;
let client;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'grants-'));
});

afterEach(async () => {
  await client?.close();
  await server?.stop();
  [client, server] = [];
  rmSync(folder, { recursive: true });
});

function written(name, text) {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** A projected token of a pod. */
function podToken(audience) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: CLUSTER, sub: SUBJECT, aud: [audience], iat: now, nbf: now, exp: now + 3600 };
  const parts = [{ alg: 'RS256', kid: 'cluster' }, claims];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

/** Sends two requests with the recipe's client, and a rotation between them. Resolves with what the server has seen. */
async function run(recipe, settings, checks, options) {
  server = await startChild('authority', { proxy: true, ...checks });
  const { connect } = require(`../../examples/grants/${recipe}.js`);
  client = connect(settings, { proxy: server.proxy, tls: { rejectUnauthorized: false }, ...options });
  for (let i = 0; i < 2; i += 1) {
    expect((await client.get('/v1/x')).status).toBe(200);
    await client.rotate();
  }
  return server.ask();
}

const API = { baseURL: 'https://api.example.com' };

test('Google service account', async () => {
  const account = 'robot@project.iam.gserviceaccount.com';
  const json = { type: 'service_account', client_email: account, private_key_id: 'g1', private_key: PEM };
  const { errors, forms } = await run(
    'google-service-account',
    {
      keyFile: written('key.json', JSON.stringify(json)),
      clientEmail: account,
      scope: 'https://www.googleapis.com/auth/x',
    },
    {
      trusted: { [account]: jwks(key, { kid: 'g1' }) },
      claims: { scope: 'https://www.googleapis.com/auth/x', sub: null },
    },
    API,
  );
  expect(errors).toEqual([]);
  expect(forms[0].grant_type).toBe(JWT_BEARER);
});

test('Google workload identity federation', async () => {
  const pool = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k';
  const { errors, forms } = await run(
    'google-workload-identity',
    { tokenFile: written('token', podToken(pool)), pool },
    {
      ...{ trusted, audience: pool, path: '/v1/token' },
      form: {
        ...{
          audience: pool,
          scope: 'https://www.googleapis.com/auth/cloud-platform',
          subject_token_type: JWT_TYPE,
        },
        requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      },
    },
    API,
  );
  expect(errors).toEqual([]);
  expect(forms[0].grant_type).toBe(TOKEN_EXCHANGE);
});

test('Entra ID with a certificate', async () => {
  // Entra takes RSA keys only.
  const [rsaKey, rsaCertificate] = ['rsa.pem', 'rsa.cert.pem'].map((name) =>
    readFileSync(path.join(__dirname, '../../src/engine/jose/tests/keys', name), 'utf8'),
  );
  const certificate = new X509Certificate(rsaCertificate);
  const thumbprint = Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
  const header = { 'x5t#S256': thumbprint, alg: 'PS256', typ: 'JWT' };
  const { errors } = await run(
    'entra-certificate',
    {
      ...{ tenant: 'contoso.example', clientId: 'app', keyFile: written('key.pem', rsaKey) },
      certificateFile: written('certificate.pem', rsaCertificate),
    },
    {
      path: '/contoso.example/oauth2/v2.0/token',
      clients: { app: { keys: jwks(rsaKey), header } },
      form: {
        scope: 'https://graph.microsoft.com/.default',
        grant_type: 'client_credentials',
        client_id: 'app',
      },
    },
    API,
  );
  expect(errors).toEqual([]);
});

test('Entra ID with a federated credential', async () => {
  const audience = 'api://AzureADTokenExchange';
  const { errors } = await run(
    'entra-federated',
    { tenant: 'contoso.example', clientId: 'app', tokenFile: written('token', podToken(audience)) },
    {
      ...{ trusted, path: '/contoso.example/oauth2/v2.0/token' },
      clients: { app: { federated: { iss: CLUSTER, sub: SUBJECT, aud: audience } } },
      form: { scope: 'https://graph.microsoft.com/.default' },
    },
    API,
  );
  expect(errors).toEqual([]);
});

test('Kubernetes service-account token', async () => {
  const audience = 'https://sts.example.com';
  const tokenEndpoint = `${audience}/token`;
  const { errors } = await run(
    'kubernetes',
    {
      tokenEndpoint,
      clientId: 'orders',
      tokenFile: written('token', podToken(audience)),
      audience: 'payments',
    },
    { trusted, audience, form: { audience: 'payments', subject_token_type: JWT_TYPE } },
    API,
  );
  expect(errors).toEqual([]);
});

test('Keycloak', async () => {
  const { errors } = await run(
    'keycloak',
    {
      domain: 'sso.example.com',
      realm: 'shop',
      clientId: 'orders',
      secretFile: written('secret', 'a secret: 100%\n'),
    },
    { path: '/realms/shop/protocol/openid-connect/token', clients: { orders: { secret: 'a secret: 100%' } } },
    API,
  );
  expect(errors).toEqual([]);
});

test('Amazon Cognito', async () => {
  process.env.COGNITO_CLIENT_SECRET = 'c0gnito';
  try {
    const { errors } = await run(
      'cognito',
      { domain: 'shop.auth.eu-central-1.amazoncognito.com', clientId: 'orders', scope: 'shop/read' },
      { path: '/oauth2/token', clients: { orders: { secret: 'c0gnito' } }, form: { scope: 'shop/read' } },
      API,
    );
    expect(errors).toEqual([]);
  } finally {
    delete process.env.COGNITO_CLIENT_SECRET;
  }
});

test('Okta with private_key_jwt and DPoP: each of the two receivers teaches its nonce once', async () => {
  const { errors, rejections } = await run(
    'okta',
    {
      domain: 'shop.okta.com',
      clientId: 'orders',
      keyFile: written('key.pem', PEM),
      scope: 'okta.users.read',
    },
    {
      path: '/oauth2/v1/token',
      clients: { orders: { keys: jwks(key) } },
      form: { scope: 'okta.users.read' },
      dpop: true,
    },
  );
  expect({ errors, rejections }).toEqual({
    errors: ['use_dpop_nonce: use_dpop_nonce'],
    rejections: ['use_dpop_nonce: use_dpop_nonce'],
  });
});

test('GitHub App installation', async () => {
  const seen = [];
  const api = http.createServer((request, response) => {
    const [, bearer] = /^Bearer (\S+)$/.exec(request.headers.authorization);
    if (request.method === 'GET') return response.writeHead(bearer === 'ghs_1' ? 200 : 401).end();
    const [head, claims, signature] = bearer.split('.');
    const isGood = verify(
      'sha256',
      Buffer.from(`${head}.${claims}`),
      createPublicKey(key),
      Buffer.from(signature, 'base64url'),
    );
    seen.push({ url: request.url, isGood, ...JSON.parse(Buffer.from(claims, 'base64url')) });
    const expires = new Date(Date.now() + 3_600_000).toISOString();
    response.writeHead(201).end(JSON.stringify({ token: 'ghs_1', expires_at: expires }));
  });
  await once(api.listen(0, '127.0.0.1'), 'listening');
  const apiURL = `http://127.0.0.1:${api.address().port}`;
  const { connect } = require('../../examples/grants/github-app.js');
  client = connect({ clientId: 'Iv1.a', installation: 7, privateKey: PEM, apiURL });
  expect((await client.get('/installation/repositories')).status).toBe(200);
  expect(seen).toMatchObject([{ url: '/app/installations/7/access_tokens', isGood: true, iss: 'Iv1.a' }]);
  const [{ iat, exp }] = seen;
  expect(exp - iat).toBeLessThanOrEqual(600);
  expect(iat * 1000).toBeLessThan(Date.now());
  await client.close();
  api.close();
});

test('each recipe is in docs/grants.md', () => {
  const page = readFileSync(path.join(__dirname, '../../docs/grants.md'), 'utf8');
  const recipes = readdirSync(path.join(__dirname, '../../examples/grants'));
  expect(recipes.filter((file) => !page.includes(`(../examples/grants/${file})`))).toEqual([]);
});
