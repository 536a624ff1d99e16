'use strict';

// A 401 that says `insufficient_scope` is about the request and not about the token's age: a rotation would not help.

const { useHarness } = require('../support/harness.js');

const { serve, client, track } = useHarness();

/** The API answers the next request with a 401 and this challenge. */
function challenge(server, value) {
  server.fault({ at: 'api', kind: 'status', status: 401, headers: { 'www-authenticate': value } });
}

const SCOPE = 'Bearer realm="api", error="insufficient_scope", scope="orders:write"';

test('a 401 for want of scope is the caller’s, and no refresh token is spent', async () => {
  const server = await serve();
  const api = client(server, { tokens: server.login('ada') });
  challenge(server, SCOPE);
  const answer = await track(api.get('/api/orders'));
  expect(answer).toMatchObject({ status: 401, replays: 0 });
  expect(answer.headers.get('www-authenticate')).toBe(SCOPE);
  expect(server.ledger.counts.tokenRequests).toBe(0);

  server.expire();
  expect(await track(api.get('/api/orders'))).toMatchObject({ status: 200, replays: 1 });
});

test.each(['Bearer', 'Bearer error="invalid_token"', `DPoP error="invalid_token", ${SCOPE}`])(
  'a 401 with %s rotates',
  async (value) => {
    const server = await serve();
    const api = client(server, { tokens: server.login('ada') });
    challenge(server, value);
    expect(await track(api.get('/api/orders'))).toMatchObject({ status: 200, replays: 1 });
    expect(server.ledger.counts.refreshes).toBe(1);
  },
);

test('isSessionExpired decides about a 401 for want of scope too, unless it throws', async () => {
  const server = await serve();
  const isSessionExpired = jest
    .fn(() => true)
    .mockImplementationOnce(() => {
      throw new Error('no opinion');
    });
  const onHookError = jest.fn();
  const api = client(server, { tokens: server.login('ada'), isSessionExpired, onHookError });
  challenge(server, SCOPE);
  expect(await track(api.get('/api/orders'))).toMatchObject({ status: 401, replays: 0 });
  expect(onHookError).toHaveBeenCalledTimes(1);
  challenge(server, SCOPE);
  expect(await track(api.get('/api/orders'))).toMatchObject({ status: 200, replays: 1 });
});
