'use strict';

// npm oidc-provider, in a process of its own because it is ESM only. It issues, rotates and judges as its users' servers do; `clients`
// in the first argument are its clients. Over http, and over https for clients with certificates. Sends what it has seen when it is asked.

const { once } = require('node:events');
const http = require('node:http');
const https = require('node:https');
const tls = require('../../support/tls');

const LIFE_S = 3600;
const SCOPES = ['openid', 'offline_access', 'api:read', 'api:write'];
const { clients } = JSON.parse(process.argv[2]);

const ledger = { tokenRequests: 0, granted: [], errors: [], revokedGrants: 0, apiRequests: 0 };

const pem = (raw) => `-----BEGIN CERTIFICATE-----\n${raw.toString('base64')}\n-----END CERTIFICATE-----`;

const CONFIGURATION = {
  clients,
  scopes: SCOPES,
  rotateRefreshToken: () => true,
  ttl: {
    AccessToken: LIFE_S,
    ClientCredentials: LIFE_S,
    RefreshToken: LIFE_S,
    Grant: LIFE_S,
    IdToken: LIFE_S,
  },
  clientAuthMethods: [
    ...['none', 'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt'],
    ...['tls_client_auth', 'self_signed_tls_client_auth'],
  ],
  enabledJWA: {
    clientAuthSigningAlgValues: [
      ...['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
      ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
    ],
  },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    revocation: { enabled: true },
    mTLS: {
      enabled: true,
      tlsClientAuth: true,
      selfSignedTlsClientAuth: true,
      getCertificate: ({ socket }) => {
        const { raw } = socket.getPeerCertificate?.() ?? {};
        return raw && pem(raw);
      },
      certificateAuthorized: ({ socket }) => socket.authorized,
      certificateSubjectMatches: ({ socket }, property, expected) =>
        property === 'tls_client_auth_san_dns' &&
        socket.getPeerCertificate().subjectaltname.includes(`DNS:${expected}`),
    },
  },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
};

/** Issues what the authorization code flow would; that flow is not under test. */
async function login(provider, clientId) {
  const client = await provider.Client.find(clientId);
  const grant = new provider.Grant({ accountId: 'user', clientId });
  grant.addOIDCScope('openid offline_access');
  const common = {
    accountId: 'user',
    client,
    grantId: await grant.save(),
    gty: 'authorization_code',
    scope: 'openid offline_access',
  };
  const access = new provider.AccessToken(common);
  const refresh = new provider.RefreshToken({ ...common, rotations: 0 });
  return { accessToken: await access.save(), refreshToken: await refresh.save() };
}

/** An API that knows the tokens. */
async function api(provider, request, response) {
  ledger.apiRequests += 1;
  const [, token] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
  const found =
    token && ((await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token)));
  const { clientId, scope } = found ?? {};
  response.writeHead(found ? 200 : 401, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ clientId, scope }));
}

async function main() {
  // Its advice for production (a lasting adapter, own keys) would drown the test's own output.
  console.warn = () => {};
  console.info = () => {};
  const { Provider } = await import('oidc-provider');
  const plain = http.createServer();
  const secure = https.createServer({
    ...{ cert: tls.server, key: tls.key, ca: [tls.ca] },
    ...{ requestCert: true, rejectUnauthorized: false },
  });
  for (const server of [plain, secure]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  const provider = new Provider(`http://127.0.0.1:${plain.address().port}`, CONFIGURATION);
  provider.on('grant.success', ({ oidc }) =>
    ledger.granted.push({
      client: oidc.client.clientId,
      grant: oidc.params.grant_type,
      scope: oidc.params.scope,
    }),
  );
  provider.on('grant.error', ({ oidc }, { error }) =>
    ledger.errors.push({ client: oidc.client?.clientId, error }),
  );
  provider.on('grant.revoked', () => (ledger.revokedGrants += 1));
  const callback = provider.callback();
  for (const server of [plain, secure]) {
    server.on('request', (request, response) => {
      if (request.url.startsWith('/api')) return api(provider, request, response);
      if (request.url === '/token') ledger.tokenRequests += 1;
      callback(request, response);
    });
  }
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ number, client }) => {
    process.send({ number, answer: client === undefined ? ledger : await login(provider, client) });
  });
  process.send({ port: plain.address().port, securePort: secure.address().port });
}

main();
