// better-auth's OAuth provider in one process: `node server.mjs '{"refreshTokenReuseInterval":0}'`. Writes {"port": n} when it serves, and
// ends when its standard input does. POST /login gives the tokens of a new login: the code flow, walked here without a browser.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { oauthProvider } from '@better-auth/oauth-provider';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { getAuthTables } from 'better-auth/db';
import { toNodeHandler } from 'better-auth/node';
import { jwt } from 'better-auth/plugins/jwt';

const PATH = '/api/auth';
const REDIRECT = 'https://app.example/callback';
const SCOPE = 'openid offline_access';

const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address();
const url = `http://127.0.0.1:${port}`;

const plugins = [
  jwt(),
  oauthProvider({ loginPage: '/login', consentPage: '/consent', ...JSON.parse(process.argv[2]) }),
];
const tables = Object.values(getAuthTables({ plugins })).map(({ modelName }) => [modelName, []]);
const auth = betterAuth({
  baseURL: url,
  secret: randomBytes(32).toString('hex'),
  database: memoryAdapter(Object.fromEntries(tables)),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  plugins,
});

const cookie = await signUp();
const client = await auth.api.adminCreateOAuthClient({
  body: {
    redirect_uris: [REDIRECT],
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['authorization_code', 'refresh_token'],
    scope: SCOPE,
    skip_consent: true,
  },
  headers: { cookie },
});

const handler = toNodeHandler(auth);
server.on('request', (request, response) => {
  if (request.url !== '/login') return handler(request, response);
  login().then(
    (tokens) => response.end(JSON.stringify(tokens)),
    (error) => response.writeHead(500).end(error.stack),
  );
});
process.stdin.resume().on('end', () => process.exit());
console.log(JSON.stringify({ port, clientId: client.client_id, clientSecret: client.client_secret }));

async function signUp() {
  const { headers } = await auth.api.signUpEmail({
    body: { name: 'Ada', email: 'ada@example.com', password: randomBytes(16).toString('hex') },
    returnHeaders: true,
  });
  return headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
}

async function login() {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: REDIRECT,
    scope: SCOPE,
    state: randomBytes(8).toString('hex'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  // Programs that are no browser get the URL in JSON.
  const approved = await fetch(`${url}${PATH}/oauth2/authorize?${query}`, { headers: { cookie } });
  const code = new URL((await approved.json()).url).searchParams.get('code');
  const basic = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64');
  const answer = await fetch(`${url}${PATH}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: REDIRECT,
      code_verifier: verifier,
    }),
  });
  const { access_token: accessToken, refresh_token: refreshToken } = await answer.json();
  return { accessToken, refreshToken };
}
