'use strict';

// The tokens of a refresh that a logout or another login overtook: the program gets them, so that it can revoke them.

const { Callbacks } = require('../lib/callbacks/callbacks.js');
const crossing = require('../lib/crossing/native-errors.js');
const { useHarness } = require('./support/harness.js');
const { withResolvers } = require('./callbacks/misbehaviours.js');

const { serve, client, store, track } = useHarness();

/** Revokes what `onSuperseded` gets. Resolves with the session's key. */
function revoking(server) {
  const { promise: revoked, resolve } = withResolvers();
  const onSuperseded = jest.fn(async ({ refreshToken }, { session }) => {
    const body = new URLSearchParams({ token: refreshToken });
    await fetch(new URL('/revoke', server.url), { method: 'POST', body });
    resolve(session);
  });
  return { onSuperseded, revoked };
}

/** A session whose refresh has rotated, and whose answer is on its way. */
async function rotating(options) {
  const server = await serve();
  const { onSuperseded, revoked } = revoking(server);
  const shelf = store('0-2 ms', null);
  const first = server.login('ada');
  shelf.put(first, 'ada');
  const api = client(server, { ...shelf.callbacks, onSuperseded, ...options }).session('ada');
  server.expire();
  server.fault({ at: 'after-rotate', kind: 'hang' });
  const request = track(api.get('/api/orders'));
  await server.waitFor((ledger) => ledger.hanging === 1);
  return { server, onSuperseded, revoked, shelf, first, api, request };
}

test.each([
  ['a logout', () => null],
  ['another login', (server) => server.login('bob')],
])('%s overtakes a refresh: its tokens are told once, with their session', async (_what, login) => {
  const { server, onSuperseded, revoked, shelf, api, request } = await rotating();
  const tokens = login(server);
  await track(api.setTokens(tokens));
  server.release();
  expect((await request).status).toBe(401);
  expect(await revoked).toBe('ada');
  expect(onSuperseded).toHaveBeenCalledTimes(1);
  expect(shelf.held('ada')).toEqual(tokens);
  const [[{ accessToken }]] = onSuperseded.mock.calls;
  const headers = { authorization: `Bearer ${accessToken}` };
  expect((await fetch(new URL('/api/orders', server.url), { headers })).status).toBe(401);
});

test('a login with the tokens that are being refreshed takes the answer, and nothing is told', async () => {
  const { server, onSuperseded, first, api, request } = await rotating();
  const login = track(api.setTokens(first));
  server.release();
  await Promise.all([login, request]);
  expect((await track(api.get('/api/orders'))).status).toBe(200);
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
  expect(onSuperseded).not.toHaveBeenCalled();
});

test('tokens of a refresh that Rust has given up are told too', async () => {
  const { promise: told, resolve } = withResolvers();
  const answer = { access_token: 'a2', refresh_token: 'r2', scope: 'api' };
  const user = { refresh: async () => answer, onSuperseded: (...args) => resolve(args) };
  new Callbacks(user, crossing).tokens.refresh({ replyTokens: () => false }, 1, 'r1', 'ada', 1, 0);
  const tokens = { accessToken: 'a2', refreshToken: 'r2', scope: 'api' };
  expect(await told).toEqual([tokens, { session: 'ada' }]);
});
