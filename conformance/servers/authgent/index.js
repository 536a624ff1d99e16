'use strict';

const { createHash, randomBytes } = require('node:crypto');
const path = require('node:path');
const { freePort } = require('../../../tools/free-port.js');
const { makeFolder, remove } = require('../../../tools/leftovers.js');
const { answers, serve } = require('../../processes.js');
const { pythonEnvironment } = require('../../python.js');
const { pinned } = require('../pinned.js');

const REQUIREMENTS = path.join(__dirname, 'requirements.txt');
const version = pinned(REQUIREMENTS, 'authgent-server');
const REDIRECT = 'http://127.0.0.1/callback';
const SCOPE = 'read';
/** More requests in a minute than this command makes, because limits are not under test. */
const MANY = '1000000';

/** authgent-server, with a database of its own. */
async function start(folder) {
  const programs = await pythonEnvironment(folder, REQUIREMENTS);
  const data = await makeFolder('authgent-');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    ...process.env,
    AUTHGENT_SERVER_URL: url,
    AUTHGENT_CONSENT_MODE: 'auto_approve',
    AUTHGENT_TOKEN_RATE_LIMIT: MANY,
    AUTHGENT_REGISTER_RATE_LIMIT: MANY,
  };
  const args = ['run', '--host', '127.0.0.1', '--port', String(port)];
  const program = path.join(programs, 'authgent-server');
  const { stop } = await serve(program, args, { cwd: data, env }, answers(`${url}/health`));
  const client = await register(url);
  return {
    tokenEndpoint: `${url}/token`,
    clientId: client.client_id,
    auth: { method: 'none' },
    login: () => login(url, client),
    async stop() {
      await stop();
      await remove(data);
    },
  };
}

async function register(url) {
  const answer = await fetch(`${url}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'app',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [REDIRECT],
      scope: SCOPE,
      // A secret is compared by bcrypt, for a third of a second at each token request.
      token_endpoint_auth_method: 'none',
    }),
  });
  return answer.json();
}

/** The code flow, which asks nobody in this mode. */
async function login(url, client) {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: REDIRECT,
    scope: SCOPE,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const redirected = await fetch(`${url}/authorize?${query}`, { redirect: 'manual' });
  const form = new URLSearchParams({
    grant_type: 'authorization_code',
    code: new URL(redirected.headers.get('location')).searchParams.get('code'),
    redirect_uri: REDIRECT,
    code_verifier: verifier,
    client_id: client.client_id,
  });
  const tokens = await (await fetch(`${url}/token`, { method: 'POST', body: form })).json();
  return { accessToken: tokens.access_token, refreshToken: tokens.refresh_token };
}

module.exports = { start, version };
