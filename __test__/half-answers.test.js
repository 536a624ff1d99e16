'use strict';

// Answers of a token endpoint of which only a part is usable: that part is kept. Judged by the ledger, which counts a spent
// refresh token that comes back.

const { rejection } = require('./callbacks/misbehaviours.js');
const { useHarness } = require('./support/harness.js');

const { serve, client, store, track } = useHarness();

/** `change` makes of the endpoint's first answer what `refresh` returns. */
async function start(change, options = {}, serverOptions = {}) {
  const server = await serve({ reuse: 'strict', ...serverOptions });
  const shelf = store('0-2 ms', server.login('ada'));
  const logout = jest.fn();
  let isFirst = true;
  const refresh = async (refreshToken) => {
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
    const answer = await (await fetch(server.tokenEndpoint, { method: 'POST', body })).json();
    if (!isFirst) return answer;
    isFirst = false;
    return change(answer);
  };
  const api = client(server, { ...shelf.callbacks, refresh, logout, maxRetries: 0, ...options });
  return { server, shelf, api, logout, get: () => track(api.get('/api/orders')) };
}

const pause = ({ retryAfter }) => new Promise((resolve) => setTimeout(resolve, retryAfter));
const warnings = () =>
  process.emitWarning.mock.calls.filter(([, { code } = {}]) => code === 'TOKEN_ROTATOR_TOKENS');

describe('an unusable access token beside a good refresh token', () => {
  test.each([
    ['a number', () => 7, 'accessToken must be a string, and is a number'],
    ['absent', () => undefined, 'refresh returned an object without accessToken and access_token'],
    ['an object', (token) => ({ token }), 'accessToken must be a string, and is an object'],
    ['two words', (token) => `${token} x`, 'accessToken has characters a token cannot have'],
    [
      'a line break within',
      (token) => `${token}\n${token}`,
      'accessToken has characters a token cannot have',
    ],
    ['too long', () => 'a'.repeat(20_000), 'accessToken must have 1 to 16384 bytes'],
  ])('%s: the refresh fails, and its refresh token is stored', async (_, change, told) => {
    const { server, shelf, logout, get } = await start((answer) => {
      return { ...answer, access_token: change(answer.access_token) };
    });
    const { accessToken, refreshToken } = shelf.held();
    server.expire();
    const error = await rejection(get());
    expect(error).toMatchObject({ code: 'ERR_REFRESH_MALFORMED', retryable: true });
    expect(error.message).toContain(told);
    expect(shelf.held().accessToken === accessToken).toBe(true);
    expect(shelf.held().refreshToken === refreshToken).toBe(false);
    expect(logout).not.toHaveBeenCalled();
  });

  test('the next refresh sends the new one, and until then the access token held serves', async () => {
    const { server, shelf, api, get } = await start(({ refresh_token }) => ({ refresh_token }));
    const error = await rejection(track(api.rotate()));
    expect(error.code).toBe('ERR_REFRESH_MALFORMED');
    expect((await get()).status).toBe(200);
    await pause(error);
    await track(api.rotate());
    expect((await get()).status).toBe(200);
    expect(server.ledger.counts).toMatchObject({ refreshes: 2, reuses: 0 });
    expect(shelf.held()).toEqual(await track(api.getTokens()));
    expect(api.stats().ambiguous).toBe(0);
  });
});

describe('a good refresh token within something that is no tokens', () => {
  test.each([
    ['data', (answer) => ({ status: 200, headers: {}, data: answer })],
    ['wrappers', (answer) => ({ data: { session: answer, user: {} }, error: null })],
    ['a list', (answer) => [answer]],
    ['JSON', (answer) => JSON.stringify({ tokens: answer })],
    ['a form', (answer) => new URLSearchParams(answer).toString()],
    ['a Map', (answer) => new Map(Object.entries(answer))],
    ['a Response', (answer) => Response.json(answer)],
    ['getters of a class', ({ refresh_token }) => Object.create({ refresh_token })],
  ])('%s: the refresh fails, and its refresh token is stored', async (_, change) => {
    const { server, shelf, logout, get } = await start(change);
    const { refreshToken } = shelf.held();
    server.expire();
    const error = await rejection(get());
    expect(error.code).toBe('ERR_REFRESH_MALFORMED');
    expect(shelf.held().refreshToken === refreshToken).toBe(false);
    await pause(error);
    expect((await get()).status).toBe(200);
    expect(server.ledger.counts).toMatchObject({ refreshes: 2, reuses: 0 });
    expect(logout).not.toHaveBeenCalled();
  });

  test.each([
    ['JSON that is cut off', '{"refresh_token":"r'],
    ['a page', '<a href="/?a=b&refresh_token=r">'],
    ['wrappers without end', Object.assign([], { 0: { data: { data: { data: { refresh_token: 'r' } } } } })],
  ])('%s has none', async (_, answer) => {
    const { shelf, api, get } = await start(() => answer);
    const { refreshToken } = shelf.held();
    await expect(track(api.rotate())).rejects.toMatchObject({ code: 'ERR_REFRESH_MALFORMED' });
    expect(shelf.held().refreshToken === refreshToken).toBe(true);
    expect((await get()).status).toBe(200);
  });
});

describe('tokens that are usable after a touch', () => {
  test.each([
    [
      'a line break',
      ({ access_token, refresh_token }) => ({
        access_token: `${access_token}\n`,
        refresh_token: `${refresh_token}\r\n`,
      }),
    ],
    [
      'blanks',
      ({ access_token, refresh_token }) => ({
        accessToken: ` ${access_token}\t`,
        refreshToken: ` ${refresh_token}`,
      }),
    ],
    ['Bearer', (answer) => ({ ...answer, access_token: `Bearer ${answer.access_token}` })],
    ['bearer', (answer) => ({ ...answer, access_token: `bearer ${answer.access_token}` })],
    ['an odd type beside a token', (answer) => ({ accessToken: {}, refreshToken: 7, ...answer })],
    ['an odd lifetime', (answer) => ({ ...answer, expires_in: { seconds: 60 } })],
    ['an odd type', (answer) => ({ ...answer, token_type: 7, scope: null })],
    ['an odd extra field', (answer) => ({ ...answer, raw: 10n })],
  ])('%s', async (_, change) => {
    const { server, shelf, get } = await start(change);
    server.expire();
    expect((await get()).status).toBe(200);
    server.expire();
    expect((await get()).status).toBe(200);
    expect(server.ledger.counts).toMatchObject({ refreshes: 2, reuses: 0 });
    expect(shelf.held().accessToken).toMatch(/^at\.\S+$/);
  });

  test('an answer that is spread over the tokens held', async () => {
    const held = {};
    const { server, shelf, get } = await start((answer) => ({ ...held, ...answer }));
    Object.assign(held, shelf.held());
    server.expire();
    expect((await get()).status).toBe(200);
    server.expire();
    expect((await get()).status).toBe(200);
    expect(server.ledger.counts).toMatchObject({ refreshes: 2, reuses: 0 });
  });

  test.each(['', ' ', null, undefined])('refresh_token %j keeps the one held', async (refresh_token) => {
    const options = { reuse: 'none', omitRefreshToken: true };
    const { server, shelf, get } = await start((answer) => ({ ...answer, refresh_token }), {}, options);
    const { refreshToken } = shelf.held();
    server.expire();
    expect((await get()).status).toBe(200);
    expect(shelf.held().refreshToken === refreshToken).toBe(true);
    expect(warnings()).toEqual([]);
  });
});

test('what cannot be kept is told once for each client', async () => {
  const raw = {};
  raw.self = raw;
  const server = await serve();
  const tokens = server.login('ada');
  const answer = { ...tokens, scope: 'api', raw };
  const api = client(server, { tokens, refresh: () => answer });
  for (let n = 0; n < 3; n += 1) await track(api.rotate());
  expect(await track(api.getTokens())).toMatchObject({ scope: 'api' });
  expect(warnings()).toEqual([
    ['tokens: the field raw is no JSON, and is left out', { code: 'TOKEN_ROTATOR_TOKENS' }],
  ]);
});

test.each([
  [
    'deep',
    (() => {
      let deep = 1;
      for (let n = 0; n < 1_000; n += 1) deep = { deep };
      return deep;
    })(),
  ],
  ['half a surrogate pair', '\ud800'],
])('a %s extra field outlives rotations that do not mention it', async (_, extra) => {
  const server = await serve();
  const tokens = server.login('ada');
  const answers = [{ extra, n: 1 }, { n: 2 }, { n: 3 }].map((more) => ({ ...tokens, ...more }));
  const api = client(server, { tokens, refresh: () => answers.shift() });
  for (let n = 0; n < 3; n += 1) await track(api.rotate());
  const held = await track(api.getTokens());
  expect(held.n).toBe(3);
  expect(JSON.stringify(held.extra) === JSON.stringify(extra)).toBe(true);
});

test.each([
  ['a seed', (api, tokens) => [{ tokens }, () => {}]],
  ['a login', (api, tokens) => [{}, (made) => made.setTokens(tokens)]],
  ['a store', (api, tokens) => [store('sync', tokens).callbacks, () => {}]],
])('a refresh token alone as %s is refreshed before the first request', async (_, make) => {
  const server = await serve();
  const { refreshToken } = server.login('ada');
  const [options, login] = make(undefined, { refreshToken });
  const api = client(server, options);
  await login(api);
  expect((await track(api.getTokens())).accessToken).toBe('');
  expect((await track(api.get('/api/orders'))).status).toBe(200);
  expect(server.ledger.counts).toMatchObject({ apiRequests: 1, refreshes: 1, rejected: 0 });
});
