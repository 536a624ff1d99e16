'use strict';

// A program that has nothing left to do ends by itself, with code 0 and nothing on stderr; what a rotation brought is
// stored by then. No client in `programs/ends.js` is ever closed, but where closing is the point.

const { startAuthServer } = require('../../lib/testing.js');
const { endChildren, program, reported } = require('./child.js');

jest.setTimeout(120_000);

let server;
afterEach(async () => {
  await endChildren();
  await server.close();
  expect(server.ledger.counts.reuses).toBe(0);
});

async function run(does, { expired = false, options = {}, login = {}, ...settings } = {}) {
  server ??= await startAuthServer(options);
  const tokens = { ...server.login(), ...login };
  if (expired) server.expire();
  return program('ends', { ...settings, does, tokens, url: server.url, tokenEndpoint: server.tokenEndpoint });
}

beforeEach(() => (server = undefined));

/** The tokens are the ones that the server takes next. */
async function expectCurrent({ refreshToken }) {
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
  const { status } = await fetch(server.tokenEndpoint, { method: 'POST', body });
  expect(status).toBe(200);
}

test('a client that is never used does not keep its program running', async () => {
  expect(await reported(await run('constructed'))).toEqual({});
  expect(server.ledger.counts.apiRequests).toBe(0);
});

test('requests that have been answered do not keep it running', async () => {
  expect(await reported(await run('requested'))).toEqual({ statuses: [200] });
});

test('nor do requests that had to wait for a rotation', async () => {
  expect(await reported(await run('requested', { expired: true }))).toEqual({ statuses: [200] });
  expect(server.ledger.counts.refreshes).toBe(1);
});

test('a Blob is sent to its end, though nothing else keeps it running', async () => {
  expect(await reported(await run('uploaded'))).toEqual({ whole: true });
});

test('nor does a refresh that failed, though its session cools down', async () => {
  server = await startAuthServer();
  server.fault({ at: 'before-rotate', kind: 'status', times: Infinity });
  expect(await reported(await run('refreshFailed', { expired: true }))).toEqual({
    error: 'ERR_REFRESH_FAILED',
  });
});

test('a pending request keeps it running until it is answered', async () => {
  server = await startAuthServer();
  server.fault({ at: 'api', kind: 'hang' });
  const child = await run('pending');
  await server.waitFor((ledger) => ledger.hanging === 1);
  expect(child.exitCode).toBeNull();
  server.release();
  expect(await reported(child)).toEqual({ status: 200 });
});

test('an aborted request does not keep it running, though the server still holds it', async () => {
  server = await startAuthServer();
  server.fault({ at: 'api', kind: 'hang' });
  const child = await run('aborted');
  await server.waitFor((ledger) => ledger.hanging === 1);
  child.send('abort');
  expect(await reported(child)).toEqual({ error: 'enough' });
});

test('a rotation that the last request started behind itself is stored first', async () => {
  const login = { expiresAt: Date.now() + 30_000 };
  const facts = await reported(await run('rotatedBehind', { login, options: { latency: 20 } }));
  expect(facts).toMatchObject({ status: 200, storedAtOnce: false });
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, early: 1 });
  await expectCurrent(facts.stored);
});

test('a rotation whose only caller has left is stored first', async () => {
  const facts = await reported(await run('abortedInRefresh', { expired: true, options: { latency: 20 } }));
  expect(facts.error).toBe('enough');
  expect(server.ledger.counts.refreshes).toBe(1);
  await expectCurrent(facts.stored);
});

test('tokens that a store refused are offered again until they are stored', async () => {
  const facts = await reported(await run('savedLate', { expired: true }));
  expect(facts).toMatchObject({ status: 200, failed: 3 });
  await expectCurrent(facts.stored);
});

test.each([true, undefined])(
  'a late write that lands: %p, leaves the newest tokens in the store',
  async (lands) => {
    const facts = await reported(await run('writtenLate', { expired: true, lands }));
    expect(facts).toMatchObject({ status: 200 });
    expect(facts.landed).toBe(lands);
    await expectCurrent(facts.stored);
  },
);

test('a client that `await using` closed does not keep it running', async () => {
  expect(await reported(await run('closed'))).toEqual({ error: 'ERR_CLIENT_CLOSED' });
});
