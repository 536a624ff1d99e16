'use strict';

const { fork } = require('node:child_process');
const { once } = require('node:events');
const http = require('node:http');
const path = require('node:path');
const fc = require('fast-check');
const { startAuthServer } = require('../../lib/testing');
const { postForm, send } = require('./http');

const PROVIDER = path.join(__dirname, '../support/oidc-provider.js');
const SESSIONS = 2;

const agent = new http.Agent({ keepAlive: true });
let child;
let ours;
let theirs;
const seen = { ok: 0, refused: 0, revoked: 0 };

beforeAll(async () => {
  child = fork(PROVIDER, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (!message?.port) throw new Error(`the provider ended with code ${message}`);
  const url = `http://127.0.0.1:${message.port}`;
  theirs = {
    login: async () => (await send(`${url}/login`, { agent })).json(),
    tokenEndpoint: `${url}/token`,
    revocationEndpoint: `${url}/token/revocation`,
    api: `${url}/me`,
  };
  const server = await startAuthServer({ reuse: 'strict' });
  ours = {
    login: async () => server.login(),
    tokenEndpoint: server.tokenEndpoint,
    revocationEndpoint: server.revocationEndpoint,
    api: `${server.url}/api/me`,
    close: () => server.close(),
  };
});

afterAll(async () => {
  agent.destroy();
  if (child.connected) child.disconnect();
  await ours?.close();
});

// A step names tokens by position, so that it means the same on both servers: `pick` counts back from the newest.
const session = fc.nat(SESSIONS - 1);
const pick = fc.nat(5);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constant('refresh'), session, pick: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('refresh'), session, pick: fc.constant(1) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('refresh'), session, pick }) },
  { weight: 5, arbitrary: fc.record({ act: fc.constant('use'), session, pick }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('revoke', 'revoke-access'), session, pick }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('unknown'), session, pick }) },
);

/** One server with what its client has been given so far. */
async function begin(server) {
  const sessions = [];
  for (let i = 0; i < SESSIONS; i++) {
    const { accessToken, refreshToken } = await server.login();
    sessions.push({ access: [accessToken], refresh: [refreshToken] });
  }
  return { server, sessions };
}

const fromNewest = (tokens, back) => tokens[Math.max(0, tokens.length - 1 - back)];

/** Takes one step and names its outcome: ok, an OAuth error, or a status. */
async function take({ server, sessions }, { act, session: index, pick: back }) {
  const { access, refresh } = sessions[index];
  if (act === 'use') {
    const { status } = await send(server.api, {
      agent,
      headers: { authorization: `Bearer ${fromNewest(access, back)}` },
    });
    return status === 200 ? 'ok' : String(status);
  }
  if (act === 'revoke' || act === 'revoke-access') {
    const token = fromNewest(act === 'revoke' ? refresh : access, back);
    const { status } = await postForm(server.revocationEndpoint, { token, client_id: 'app' }, { agent });
    return String(status);
  }
  const token = act === 'unknown' ? `unknown-${back}` : fromNewest(refresh, back);
  const params = { grant_type: 'refresh_token', refresh_token: token, client_id: 'app' };
  const response = await postForm(server.tokenEndpoint, params, { agent });
  const answer = response.json();
  if (response.status !== 200) return `${response.status} ${answer.error}`;
  access.push(answer.access_token);
  refresh.push(answer.refresh_token);
  return 'ok';
}

test('strict answers every schedule as oidc-provider with rotating refresh tokens does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
      const [mine, other] = await Promise.all([begin(ours), begin(theirs)]);
      const outcomes = [];
      const expected = [];
      for (const next of steps) {
        const [got, wanted] = await Promise.all([take(mine, next), take(other, next)]);
        outcomes.push(got);
        expected.push(wanted);
        if (wanted === 'ok') seen.ok++;
        else if (wanted === '400 invalid_grant') seen.refused++;
        else if (wanted === '401') seen.revoked++;
      }
      expect(outcomes).toEqual(expected);
    }),
    { numRuns: 120 },
  );
}, 60_000);

test('those schedules met every class of outcome', () => {
  for (const times of Object.values(seen)) expect(times).toBeGreaterThan(50);
});
