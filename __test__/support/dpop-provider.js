'use strict';

// npm oidc-provider with DPoP and required nonces, and an API beside it whose proofs npm jose verifies. In a process of its own,
// because both are ESM only. Sends { port } to its parent once it listens; leaves when the parent does.
//
//   GET  /login        tokens of the public client, which the refresh binds
//   ANY  /api/…        wants a bound token, a proof that was never sent, and the newest nonce of the API
//   POST /next-nonce   the API wants another nonce from now on; with ?told, the next 200 brings it
//   GET  /ledger       what arrived since the last time

const { createHash, randomBytes, randomUUID } = require('node:crypto');
const { once } = require('node:events');
const { createServer } = require('node:http');

const SCOPE = 'openid offline_access';
const LIFE_S = 3600;
const ROBOT = { client_id: 'robot', client_secret: 'robot-secret' };

const CONFIGURATION = {
  clients: [
    {
      client_id: 'app',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['http://127.0.0.1/callback'],
    },
    {
      ...ROBOT,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    },
  ],
  rotateRefreshToken: () => true,
  ttl: { AccessToken: LIFE_S, ClientCredentials: LIFE_S, RefreshToken: LIFE_S, Grant: LIFE_S },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true, allowReplay: false },
  },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
};

const PATHS = { '/login': login, '/next-nonce': nextNonce, '/ledger': readLedger };

let provider;
let jose;
let nonce = randomUUID();
/** Told by the next 200, and wanted from then on. */
let untold;
let ledger = emptyLedger();
const proofs = new Set();

function emptyLedger() {
  return { token: [], api: [], keys: [] };
}

/** Issues what the authorization code flow would, without DPoP. */
async function login() {
  const client = await provider.Client.find('app');
  const grant = new provider.Grant({ accountId: 'user', clientId: 'app' });
  grant.addOIDCScope(SCOPE);
  const common = { accountId: 'user', client, grantId: await grant.save(), scope: SCOPE };
  const issued = { ...common, gty: 'authorization_code' };
  const refresh = new provider.RefreshToken({ ...issued, rotations: 0 });
  return { accessToken: await new provider.AccessToken(issued).save(), refreshToken: await refresh.save() };
}

function nextNonce(url) {
  if (url.searchParams.has('told')) untold = randomUUID();
  else nonce = randomUUID();
  return {};
}

function readLedger() {
  const told = ledger;
  ledger = emptyLedger();
  return told;
}

async function api(request, response, url) {
  try {
    await check(request, url);
    if (untold !== undefined) {
      nonce = untold;
      untold = undefined;
      response.setHeader('dpop-nonce', nonce);
    }
    ledger.api.push('ok');
    response.end('{}');
  } catch ({ message }) {
    ledger.api.push(message);
    response.setHeader('dpop-nonce', nonce);
    response.setHeader('www-authenticate', `Bearer, DPoP error="${message}", algs="ES256 EdDSA"`);
    response.writeHead(401).end();
  }
}

/** Throws an error whose message is the `error` of the challenge. */
async function check(request, url) {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  if (scheme !== 'DPoP') throw new Error('invalid_token');
  const options = { typ: 'dpop+jwt', algorithms: ['ES256', 'EdDSA'], maxTokenAge: 60 };
  const { payload, protectedHeader } = await jose
    .jwtVerify(request.headers.dpop ?? '', jose.EmbeddedJWK, options)
    .catch(() => bad());
  const { jti, htm, htu, ath } = payload;
  const hash = createHash('sha256').update(token).digest('base64url');
  const isGood = htm === request.method && htu === url.origin + url.pathname && ath === hash;
  if (!isGood || typeof jti !== 'string' || proofs.has(jti)) bad();
  proofs.add(jti);
  if (payload.nonce !== nonce) throw new Error('use_dpop_nonce');
  const issued = (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token));
  const key = await jose.calculateJwkThumbprint(protectedHeader.jwk);
  if (issued?.jkt !== key) throw new Error('invalid_token');
  ledger.keys.push(key);
}

function bad() {
  throw new Error('invalid_dpop_proof');
}

async function main() {
  // Its advice for production would drown the test's own output.
  console.warn = () => {};
  jose = await import('jose');
  const { Provider } = await import('oidc-provider');
  provider = new Provider('http://127.0.0.1', CONFIGURATION);
  const callback = provider.callback();
  const server = createServer((request, response) => {
    const url = new URL(request.url, `http://${request.headers.host}`);
    if (url.pathname.startsWith('/api/')) return api(request, response, url);
    const handler = PATHS[url.pathname];
    if (handler === undefined) {
      if (url.pathname === '/token') response.on('finish', () => ledger.token.push(response.statusCode));
      return callback(request, response);
    }
    Promise.resolve(handler(url)).then(
      (answer) => response.end(JSON.stringify(answer)),
      (error) => response.writeHead(500).end(error.stack),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.on('disconnect', () => process.exit());
  process.send({ port: server.address().port });
}

main();
