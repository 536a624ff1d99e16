'use strict';

// npm oidc-provider with rotating refresh tokens, in a process of its own: it is ESM only, which jest's own module
// system cannot load under Node 20. Sends { port } to its parent once it listens; leaves when the parent does.

const { once } = require('node:events');
const { createServer } = require('node:http');

const CLIENT_ID = 'app';
const SCOPE = 'openid offline_access';
const LIFE_S = 3600;

const CONFIGURATION = {
  clients: [
    {
      client_id: CLIENT_ID,
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['http://127.0.0.1/callback'],
    },
  ],
  // Its default policy rotates some clients only; the comparison is about rotation.
  rotateRefreshToken: () => true,
  ttl: { AccessToken: LIFE_S, RefreshToken: LIFE_S, Grant: LIFE_S, IdToken: LIFE_S },
  features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
};

/** Issues what the authorization code flow would; that flow is not under test. */
async function login(provider) {
  const client = await provider.Client.find(CLIENT_ID);
  const grant = new provider.Grant({ accountId: 'user', clientId: CLIENT_ID });
  grant.addOIDCScope(SCOPE);
  const common = {
    accountId: 'user',
    client,
    grantId: await grant.save(),
    gty: 'authorization_code',
    scope: SCOPE,
  };
  const access = new provider.AccessToken(common);
  const refresh = new provider.RefreshToken({ ...common, rotations: 0 });
  return { accessToken: await access.save(), refreshToken: await refresh.save() };
}

async function main() {
  // Its advice for production (a lasting adapter, own keys) would drown the test's own output.
  console.warn = () => {};
  const { Provider } = await import('oidc-provider');
  const provider = new Provider('http://127.0.0.1', CONFIGURATION);
  const callback = provider.callback();
  const server = createServer((request, response) => {
    if (request.url !== '/login') return callback(request, response);
    login(provider).then(
      (tokens) => response.end(JSON.stringify(tokens)),
      (error) => response.writeHead(500).end(error.stack),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.on('disconnect', () => process.exit());
  process.send({ port: server.address().port });
}

main();
