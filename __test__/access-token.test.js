'use strict';

// A fresh token is given at once, and nothing is overtaken by that: neither calls made before nor hooks.

const { authoriser } = require('../lib/external/authoriser.js');
const { useHarness } = require('./support/harness.js');

const { serve, client, store, track, collect } = useHarness();

const LOGGED_OUT = { code: 'ERR_SESSION_LOST', reason: 'logged_out' };
const living = (tokens, ms) => ({ ...tokens, expiresAt: Date.now() + ms });
const rejection = (promise) =>
  track(promise).then(
    () => undefined,
    (error) => collect(error),
  );

async function loggedIn(options) {
  const server = await serve();
  const tokens = server.login('ada');
  const api = client(server, { tokens, ...options });
  await track(api.getAccessToken());
  const auth = authoriser(api);
  /** A promise in any case: what is at hand comes without. */
  const authorise = async (epoch) => auth.authorise(epoch);
  return { server, tokens, api, auth, authorise };
}

/** Whether a promise is settled before the event loop turns. */
async function isAtOnce(promise) {
  let settled = false;
  track(promise).then(() => (settled = true));
  for (let turn = 0; turn < 10; turn += 1) await null;
  return settled;
}

test('a fresh token, and the header with it, are given before the event loop turns', async () => {
  const { tokens, api, auth } = await loggedIn();
  expect(await isAtOnce(api.getAccessToken())).toBe(true);
  expect((await api.getAccessToken()) === tokens.accessToken).toBe(true);
  expect(auth.authorise().value === `Bearer ${tokens.accessToken}`).toBe(true);
});

describe('a call before it that is not awaited', () => {
  test('setTokens: it gets the new token', async () => {
    const { server, api } = await loggedIn();
    const bob = server.login('bob');
    track(api.setTokens(bob));
    expect((await track(api.getAccessToken())) === bob.accessToken).toBe(true);
  });

  test('setTokens of another client of the same session: it gets the new token', async () => {
    const { server, tokens, api } = await loggedIn({ share: 'access-token-test' });
    const other = client(server, { tokens, share: 'access-token-test' });
    const bob = server.login('bob');
    track(other.setTokens(bob));
    expect((await track(api.getAccessToken())) === bob.accessToken).toBe(true);
  });

  test('a logout: it is refused', async () => {
    const { api, authorise } = await loggedIn();
    track(api.setTokens(null));
    expect(await rejection(api.getAccessToken())).toMatchObject(LOGGED_OUT);
    expect(await rejection(authorise())).toMatchObject(LOGGED_OUT);
  });

  test('close: it is refused', async () => {
    const { api } = await loggedIn();
    track(api.close());
    expect(await rejection(api.getAccessToken())).toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
  });

  test('a rejection: it gets what the rotation brings', async () => {
    const { server, tokens, auth, authorise } = await loggedIn();
    const sent = await track(authorise());
    server.expire();
    track(auth.rejected(sent, { to: `GET ${server.url}/api/orders`, replayed: false }));
    const next = await track(authorise());
    expect(next.value === `Bearer ${tokens.accessToken}`).toBe(false);
    expect(next.generation).toBeGreaterThan(sent.generation);
    expect(server.ledger.counts.refreshes).toBe(1);
  });
});

test('a request of an ended login gets nothing, however fresh the token of the next is', async () => {
  const { server, api, authorise } = await loggedIn();
  const { epoch } = await track(authorise());
  await track(api.setTokens(server.login('bob')));
  await track(authorise());
  expect(await rejection(authorise(epoch))).toMatchObject(LOGGED_OUT);
});

test('a token that has expired is rotated first, one that soon will be meanwhile', async () => {
  const { server, api } = await loggedIn();
  await track(api.setTokens({ ...server.login('ada'), expiresAt: 1 }));
  await track(api.getAccessToken());
  expect(server.ledger.counts.refreshes).toBe(1);

  const due = living(server.login('ada'), 20_000);
  const ahead = client(server, { tokens: due, refreshAhead: 60_000 });
  expect((await track(ahead.getAccessToken())) === due.accessToken).toBe(true);
  await track(ahead.close());
  expect(server.ledger.counts.refreshes).toBe(2);
});

describe('validFor', () => {
  test('a token that ends sooner is rotated first, and one that lives long enough is given at once', async () => {
    const { server, api } = await loggedIn({ refreshAhead: 0 });
    const short = living(server.login('ada'), 60_000);
    await track(api.setTokens(short));
    expect((await track(api.getAccessToken({ validFor: 30_000 }))) === short.accessToken).toBe(true);
    expect(await isAtOnce(api.getAccessToken({ validFor: 30_000 }))).toBe(true);
    expect((await track(api.getAccessToken({ validFor: 120_000 }))) === short.accessToken).toBe(false);
    expect(server.ledger.counts.refreshes).toBe(1);
  });

  test('a token that cannot be had is the error of its rotation', async () => {
    const refresh = () => Promise.reject(Object.assign(new Error('down'), { status: 503 }));
    const { server, api } = await loggedIn({ refresh, maxRetries: 0 });
    await track(api.setTokens(living(server.login('ada'), 60_000)));
    const error = await rejection(api.getAccessToken({ validFor: 120_000 }));
    expect(error).toMatchObject({ code: 'ERR_REFRESH_FAILED' });
  });

  test.each([-1, '5', null, NaN, 2 ** 31])('%p is refused', async (validFor) => {
    const { api } = await loggedIn();
    const error = await rejection(api.getAccessToken({ validFor }));
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining('validFor') });
  });
});

test('a callback that asks for a fresh token of the client it serves is refused', async () => {
  const seen = [];
  const authorise = async () => authoriser(api).authorise();
  const setTokens = () => {
    seen.push(rejection(api.getAccessToken()), rejection(authorise()));
  };
  const server = await serve();
  const shelf = store('sync', server.login('ada'));
  const api = client(server, { ...shelf.callbacks, setTokens });
  await track(authorise());
  await track(api.rotate());
  expect(seen).toHaveLength(2);
  for (const error of await Promise.all(seen)) expect(error).toMatchObject({ code: 'ERR_REENTRANT_CALL' });
});

test('the new token of a rotation is given after its onRefreshed, also to who never lets the event loop turn', async () => {
  const onRefreshed = jest.fn();
  let answered;
  const asked = new Promise((resolve) => (answered = resolve));
  const refresh = async () => {
    setImmediate(answered);
    return { accessToken: 'second', refreshToken: 'r2' };
  };
  const { tokens, api } = await loggedIn({ refresh, onRefreshed });
  track(api.rotate());
  await asked;
  // Bounded, because no test timeout ends a loop that never turns.
  for (let look = 0; look < 1e6; look += 1) {
    if ((await api.getAccessToken()) !== tokens.accessToken) break;
  }
  expect((await api.getAccessToken()) === 'second').toBe(true);
  expect(onRefreshed).toHaveBeenCalledTimes(1);
});

test('a token that a hook asks for comes after an older one that was asked for before it', async () => {
  const answers = [];
  const note = (promise) => track(promise).then((token) => answers.push(token));
  const refresh = async () => {
    await null;
    note(api.getTokens().then(({ accessToken }) => accessToken));
    // The engine answers in order: when this login counts, the answer above is queued.
    const other = authoriser(api.session('other'));
    const { epoch } = other;
    track(api.session('other').setTokens(null));
    spinWhile(() => other.epoch === epoch);
    holdUntilRotated();
    return { accessToken: 'second', refreshToken: 'r2' };
  };
  const onRefreshed = () => void note(api.getAccessToken());
  const { tokens, api, auth } = await loggedIn({ refresh, onRefreshed });
  /** The event loop turns again only when the hook is queued too. */
  async function holdUntilRotated() {
    for (let turn = 0; turn < 10; turn += 1) await null;
    spinWhile(() => auth.now.accessToken === tokens.accessToken);
  }
  await track(api.rotate());
  await track(api.close());
  expect(answers.map((token) => token === tokens.accessToken)).toEqual([true, false]);
});

/** Bounded, because no test timeout ends a loop that never turns. */
function spinWhile(condition) {
  for (let look = 0; look < 1e7 && condition();) look += 1;
}
