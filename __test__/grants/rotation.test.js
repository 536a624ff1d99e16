'use strict';

// Refresh tokens that oidc-provider rotates, with its reuse detection: the server's ledger judges.

const { mkdtempSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { inspect } = require('node:util');
const { SessionLostError, TokenClient } = require('../../index.js');
const { startChild } = require('./support/child.js');

const SECRET = 's3cr3t-of-the-app';
const app = {
  application_type: 'native',
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: ['http://127.0.0.1/callback'],
};
const clients = [
  { ...app, client_id: 'public', token_endpoint_auth_method: 'none' },
  {
    ...app,
    client_id: 'confidential',
    token_endpoint_auth_method: 'client_secret_basic',
    client_secret: SECRET,
  },
];

let provider;
let url;
const open = [];

beforeAll(async () => {
  provider = await startChild('provider', { clients });
  url = `http://127.0.0.1:${provider.port}`;
});

afterAll(() => provider?.stop());

afterEach(() => Promise.all(open.splice(0).map((client) => client.close())));

function connect(grant, options) {
  const client = new TokenClient({
    baseURL: url,
    grant: { type: 'refresh_token', issuer: url, clientId: 'public', ...grant },
    ...options,
  });
  open.push(client);
  return client;
}

/** What the ledger counts from now on. */
async function ledger() {
  const before = await provider.ask();
  return async () => {
    const now = await provider.ask();
    return {
      tokenRequests: now.tokenRequests - before.tokenRequests,
      granted: now.granted.length - before.granted.length,
      errors: now.errors.slice(before.errors.length).map(({ error }) => error),
      revokedGrants: now.revokedGrants - before.revokedGrants,
    };
  };
}

test.each([
  ['public', undefined],
  ['confidential', { method: 'client_secret_basic', clientSecret: SECRET }],
])(
  'rotations of a %s client, asked for by many callers: each is one request, and none is a reuse',
  async (clientId, auth) => {
    const tokens = await provider.ask({ client: clientId });
    const counted = await ledger();
    const client = connect({ clientId, auth }, { tokens });
    for (let i = 0; i < 50; i += 1) {
      // Named, because a call that comes after the answer would rotate once more without it.
      const rejected = await client.getAccessToken();
      await Promise.all(Array.from({ length: 3 }, () => client.rotate({ rejected })));
      expect((await client.get('/api/orders')).status).toBe(200);
    }
    expect(await counted()).toEqual({ tokenRequests: 50, granted: 50, errors: [], revokedGrants: 0 });
  },
);

test('hooks are told as with refresh, and in the same order', async () => {
  const told = [];
  const hook = (name) => (first) => told.push([name, first]);
  const hooks = Object.fromEntries(['onBeforeRefresh', 'onRefreshed'].map((name) => [name, hook(name)]));
  const client = connect({}, { ...hooks, tokens: await provider.ask({ client: 'public' }) });
  const rotated = await client.rotate();
  expect(told).toEqual([
    ['onBeforeRefresh', { session: 'default' }],
    ['onRefreshed', rotated],
  ]);
});

test('a refresh token that somebody else has spent ends the session, once', async () => {
  const tokens = await provider.ask({ client: 'public' });
  const counted = await ledger();
  await connect({}, { tokens }).rotate();
  const logout = jest.fn();
  const thief = connect({}, { tokens, logout });
  const error = await thief.rotate().catch((thrown) => thrown);
  expect(error).toBeInstanceOf(SessionLostError);
  expect(error.reason).toBe('rejected');
  expect(inspect(error, { depth: 9 })).not.toContain(tokens.refreshToken);
  await expect(thief.rotate()).rejects.toBeInstanceOf(SessionLostError);
  expect(logout).toHaveBeenCalledTimes(1);
  expect(await counted()).toMatchObject({ errors: ['invalid_grant'], revokedGrants: 1 });
});

test('two clients of one directory rotate once between them', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'grants-'));
  try {
    const store = { type: 'file', path: folder };
    const [one, other] = [connect({}, { store, share: 'one' }), connect({}, { store, share: 'other' })];
    await one.setTokens(await provider.ask({ client: 'public' }));
    const counted = await ledger();
    await Promise.all([one.rotate(), other.get('/api/orders')]);
    expect((await other.get('/api/orders')).status).toBe(200);
    const { errors, revokedGrants } = await counted();
    expect({ errors, revokedGrants }).toEqual({ errors: [], revokedGrants: 0 });
    await Promise.all([one.close(), other.close()]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('sessions of one client have logins of their own', async () => {
  const client = connect({});
  for (const name of ['ada', 'bob'])
    await client.session(name).setTokens(await provider.ask({ client: 'public' }));
  const [ada, bob] = await Promise.all(['ada', 'bob'].map((name) => client.session(name).rotate()));
  expect(ada.accessToken).not.toBe(bob.accessToken);
  const nobody = { code: 'ERR_REFRESH_FAILED', message: expect.stringContaining('call setTokens') };
  await expect(client.rotate()).rejects.toMatchObject(nobody);
});

describe('revocation', () => {
  /** The answer of the API to this token. */
  const statusOf = async (accessToken) =>
    (await fetch(`${url}/api/x`, { headers: { authorization: `Bearer ${accessToken}` } })).status;

  test.each([
    ['revoke()', {}, (client) => client.revoke()],
    ['a logout with revokeOnLogout', { revokeOnLogout: true }, (client) => client.setTokens(null)],
  ])('after %s the tokens are dead at the server too', async (_name, grant, end) => {
    const client = connect(grant, { tokens: await provider.ask({ client: 'public' }) });
    const { accessToken } = await client.rotate();
    expect(await statusOf(accessToken)).toBe(200);
    await end(client);
    expect(await statusOf(accessToken)).toBe(401);
    await expect(client.get('/api/x')).rejects.toMatchObject({ reason: 'logged_out' });
  });

  test('a logout without the option leaves them alive', async () => {
    const client = connect({}, { tokens: await provider.ask({ client: 'public' }) });
    const { accessToken } = await client.rotate();
    await client.setTokens(null);
    expect(await statusOf(accessToken)).toBe(200);
  });

  test('a client without a grant cannot', async () => {
    const client = new TokenClient({ refresh: () => ({ accessToken: 'a' }) });
    open.push(client);
    await expect(client.revoke()).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
  });
});
