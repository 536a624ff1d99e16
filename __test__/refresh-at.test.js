'use strict';

// `refresh_in` and `refreshAt`: tokens in use are rotated long before they expire.

const { EventEmitter, once } = require('node:events');
const { useHarness } = require('./support/harness.js');

const { serve, client, store } = useHarness();

/** Longer than the processes of one store are spread over. */
const HOUR = 3_600_000;

/** The answer of `refresh` with more fields, and the end of each refresh as an event. */
function refreshing(server, fields) {
  const events = new EventEmitter();
  const refresh = async (refreshToken) => {
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
    const answer = await fetch(server.tokenEndpoint, { method: 'POST', body });
    return { ...(await answer.json()), expires_in: 24 * 3600, ...fields };
  };
  const hooks = {
    onRefreshed: (tokens) => events.emit('end', tokens),
    onRefreshFailed: (error) => events.emit('end', error),
  };
  return { options: { refresh, ...hooks }, ended: async () => (await once(events, 'end'))[0] };
}

const wanted = (server, refreshAt) => ({
  ...server.login('ada'),
  expiresAt: Date.now() + 24 * HOUR,
  refreshAt,
});

test('a token in use is rotated in the background once the moment has passed', async () => {
  const server = await serve();
  const { options, ended } = refreshing(server, { refresh_in: 3600 });
  const shelf = store('sync', wanted(server, Date.now() - HOUR));
  const api = client(server, { ...shelf.callbacks, ...options });
  const before = Date.now();
  const end = ended();
  expect((await api.get('/api/x')).status).toBe(200);
  const tokens = await end;
  const { expiries, refreshes } = server.ledger.counts;
  expect({ expiries, refreshes }).toEqual({ expiries: 0, refreshes: 1 });
  for (const shown of [tokens, shelf.held(), await api.getTokens()]) {
    expect(shown.refreshAt).toBeGreaterThanOrEqual(before + HOUR);
    expect(shown.refreshAt).toBeLessThan(before + 2 * HOUR);
    expect(shown.refresh_in).toBeUndefined();
  }
  await api.get('/api/x');
  await api.close();
  expect(server.ledger.counts.refreshes).toBe(1);
});

test('a failure leaves the token in use, and is not repeated at once', async () => {
  const server = await serve();
  const tokens = wanted(server, Date.now() - HOUR);
  let asked = 0;
  const { options, ended } = refreshing(server);
  const refresh = async () => {
    asked += 1;
    throw Object.assign(new Error('down'), { status: 503 });
  };
  const api = client(server, { tokens, ...options, refresh, maxRetries: 0 });
  const end = ended();
  expect(await api.getAccessToken()).toBe(tokens.accessToken);
  expect((await end).code).toBe('ERR_REFRESH_FAILED');
  for (let n = 0; n < 20; n += 1) expect((await api.get('/api/x')).status).toBe(200);
  expect(asked).toBe(1);
});

test('refreshAhead: 0 turns it off', async () => {
  const server = await serve();
  const api = client(server, { tokens: wanted(server, Date.now() - HOUR), refreshAhead: 0 });
  await api.get('/api/x');
  await api.close();
  expect(server.ledger.counts.refreshes).toBe(0);
});
