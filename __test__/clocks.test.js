'use strict';

// A lifetime counts from its arrival, by the engine's clock: a `Date` that is faked or wrong costs no refresh.

const { useHarness } = require('./support/harness.js');

const { serve, client, track } = useHarness();

afterEach(() => jest.restoreAllMocks());

const FIRST = 1_000;
const LATE = Date.UTC(2100, 0);

describe.each([
  ['1970', FIRST],
  ['2100', LATE],
])('Date says %s', (_, now) => {
  test.each([
    ['expires_in', (answer) => answer],
    ['expires_in as text', (answer) => ({ ...answer, expires_in: String(answer.expires_in) })],
    [
      'expiresAt by that Date',
      ({ expires_in, ...answer }) => ({ ...answer, expiresAt: now + expires_in * 1000 }),
    ],
  ])('%s: one refresh for many requests', async (_name, change) => {
    const server = await serve();
    const { accessToken, refreshToken } = server.login('ada');
    const refresh = async (given) => {
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: given });
      return change(await (await fetch(server.tokenEndpoint, { method: 'POST', body })).json());
    };
    const api = client(server, { tokens: { accessToken, refreshToken }, refresh });
    server.expire();
    jest.spyOn(Date, 'now').mockReturnValue(now);
    for (let n = 0; n < 5; n += 1) expect((await track(api.get('/api/orders'))).status).toBe(200);
    expect(server.ledger.counts).toMatchObject({ refreshes: 1, tokenRequests: 1 });
  });
});

test('a JWT tells its own end, where the answer tells none', async () => {
  const server = await serve();
  const part = (claims) => Buffer.from(JSON.stringify(claims)).toString('base64url');
  const accessToken = `${part({ alg: 'ES256' })}.${part({ iat: 1_000, exp: 4_600 })}.c2ln`;
  const api = client(server, { refresh: async () => ({ accessToken }) });
  const before = Date.now();
  const { expiresAt } = await track(api.rotate());
  expect(expiresAt).toBeGreaterThanOrEqual(before + 3_600_000);
  expect(expiresAt).toBeLessThanOrEqual(Date.now() + 3_600_000);
});

test('the end of a token that is stored is by the clock of the machine', async () => {
  const server = await serve();
  const tokens = server.login('ada');
  const setTokens = jest.fn();
  const api = client(server, { getTokens: () => tokens, setTokens });
  const before = Date.now();
  const clock = jest.spyOn(Date, 'now').mockReturnValue(FIRST);
  await track(api.rotate());
  clock.mockRestore();
  const [{ expiresAt }] = setTokens.mock.calls[0];
  expect(expiresAt).toBeGreaterThanOrEqual(before);
});
