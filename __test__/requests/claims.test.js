'use strict';

// A claims challenge, as Microsoft's continuous access evaluation sends it: the token is valid, and the API wants a newer one in which
// these claims are.

const { useHarness } = require('../support/harness.js');
const { refreshAt } = require('../support/refresh.js');

const { serve, client, track } = useHarness();

const CLAIMS = '{"access_token":{"nbf":{"essential":true, "value":"1604106651"}}}';
const CHALLENGES = [CLAIMS.replaceAll('"', '\\"'), btoa(CLAIMS), Buffer.from(CLAIMS).toString('base64url')];

/** A client whose refreshes are noted: the claims that each was asked for with. */
async function world(options) {
  const server = await serve(options);
  const asked = [];
  const plain = refreshAt(server.tokenEndpoint, (answer) => answer);
  const refresh = (token, context) => {
    asked.push(context.claims);
    return plain(token, context);
  };
  return { server, asked, api: client(server, { tokens: server.login('ada'), refresh }) };
}

/** The API answers the next request with a 401 that wants `claims`. */
function challenge(server, claims) {
  const value = `Bearer realm="", error="insufficient_claims", claims="${claims}"`;
  server.fault({ at: 'api', kind: 'status', status: 401, headers: { 'www-authenticate': value } });
}

test.each(CHALLENGES)('refresh gets the claims of %s', async (claims) => {
  const { server, asked, api } = await world();
  challenge(server, claims);
  expect(await track(api.get('/api/orders'))).toMatchObject({ status: 200, replays: 1 });
  await track(api.rotate());
  expect(asked).toEqual([CLAIMS, undefined]);
});

test('claims that were asked for in vain are not asked for again', async () => {
  const { server, asked, api } = await world();
  for (let i = 0; i < 3; i += 1) challenge(server, btoa(CLAIMS));
  expect(await track(api.get('/api/orders'))).toMatchObject({ status: 401, attempts: 2, replays: 1 });
  expect(await track(api.get('/api/orders'))).toMatchObject({ status: 401, attempts: 1 });
  expect(await track(api.get('/api/orders'))).toMatchObject({ status: 200, attempts: 1 });
  expect(asked).toEqual([CLAIMS]);
});

test('claims that are no JSON are a rejected token', async () => {
  const { server, asked, api } = await world();
  challenge(server, '%%%');
  expect(await track(api.get('/api/orders'))).toMatchObject({ status: 200, replays: 1 });
  expect(asked).toEqual([undefined]);
});
