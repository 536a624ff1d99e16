'use strict';

// Leaving while a rotation is under way: the one who leaves hears so at once, and the rotation never does.

const { useHarness } = require('./support/harness.js');

const { serve, client, store, track } = useHarness();

/** `count` requests that wait for one rotation, whose answer is held; each with a way to abort it. */
async function waiting(server, api, count) {
  server.fault({ at: 'after-rotate', kind: 'hang' });
  const requests = Array.from({ length: count }, () => {
    const controller = new AbortController();
    return { controller, promise: track(api.get('/api/orders', { signal: controller.signal })) };
  });
  await server.waitFor((ledger) => ledger.hanging === 1);
  while (api.stats().queued < count) await new Promise(setImmediate);
  return requests;
}

const reasonOf = (promise) => promise.then(() => 'no rejection').catch((reason) => reason);

test('aborting one request that waits rejects with its signal’s own reason; the others go on', async () => {
  const server = await serve();
  const shelf = store('0-2 ms', { ...server.login('ada'), expiresAt: 1 });
  const api = client(server, shelf.callbacks);
  const [left, ...others] = await waiting(server, api, 10);

  const reason = { why: 'the user went away' };
  left.controller.abort(reason);
  // The rotation is held until after this: only the abort can have settled it.
  expect(await reasonOf(left.promise)).toBe(reason);
  expect(api.stats().queued).toBe(9);
  expect(server.ledger.hanging).toBe(1);

  server.release();
  const statuses = await Promise.all(others.map(async ({ promise }) => (await promise).status));
  expect(statuses).toEqual(Array(9).fill(200));
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, apiRequests: 9 });
});

test('aborting all of them still stores the tokens, and the next request needs no other refresh', async () => {
  const server = await serve();
  const shelf = store('0-2 ms', { ...server.login('ada'), expiresAt: 1 });
  let refreshed;
  const rotation = new Promise((resolve) => (refreshed = resolve));
  const api = client(server, { ...shelf.callbacks, onRefreshed: refreshed });
  const requests = await waiting(server, api, 50);

  for (const { controller } of requests) controller.abort();
  const reasons = await Promise.all(requests.map(({ promise }) => reasonOf(promise)));
  expect(reasons.every((reason, at) => reason === requests[at].controller.signal.reason)).toBe(true);
  expect(reasons[0].name).toBe('AbortError');
  expect(api.stats().queued).toBe(0);

  server.release();
  const tokens = await track(rotation);
  expect(shelf.held().accessToken === tokens.accessToken).toBe(true);
  expect((await track(api.get('/api/orders'))).status).toBe(200);
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, apiRequests: 1, rejected: 0 });
});

test('a signal that is aborted already rejects before anything is sent or read', async () => {
  const server = await serve();
  const shelf = store('sync', server.login('ada'));
  const api = client(server, shelf.callbacks);
  const reason = new Error('never mind');
  expect(await reasonOf(track(api.get('/api/orders', { signal: AbortSignal.abort(reason) })))).toBe(reason);
  expect(server.ledger.counts.apiRequests).toBe(0);
  expect(shelf.reads).toEqual([]);
});

test('aborting a request on the wire rejects it; its token stays good for the others', async () => {
  const server = await serve();
  const api = client(server, { tokens: server.login('ada') });
  server.fault({ at: 'api', kind: 'hang' });
  const controller = new AbortController();
  const request = track(api.get('/api/orders', { signal: controller.signal }));
  await server.waitFor((ledger) => ledger.hanging === 1);
  controller.abort('enough');
  expect(await reasonOf(request)).toBe('enough');
  expect((await track(api.get('/api/orders'))).status).toBe(200);
  expect(server.ledger.counts.refreshes).toBe(0);
});

test('aborting after the answer changes nothing', async () => {
  const server = await serve();
  const api = client(server, { tokens: server.login('ada') });
  const controller = new AbortController();
  const response = await track(api.get('/api/orders', { signal: controller.signal }));
  controller.abort();
  expect(await response.json()).toMatchObject({ subject: 'ada' });
});

test('close sends the waiting requests away, and finishes and stores the rotation', async () => {
  const server = await serve();
  const shelf = store('0-2 ms', { ...server.login('ada'), expiresAt: 1 });
  const api = client(server, shelf.callbacks);
  const requests = await waiting(server, api, 5);
  const closed = track(api.close());
  const codes = await Promise.all(requests.map(async ({ promise }) => (await reasonOf(promise)).code));
  expect(codes).toEqual(Array(5).fill('ERR_CLIENT_CLOSED'));
  expect(shelf.writes).toEqual([]);
  server.release();
  await closed;
  expect(shelf.writes).toHaveLength(1);
  const again = client(server, shelf.callbacks);
  expect((await track(again.get('/api/orders'))).status).toBe(200);
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, rejected: 0 });
});
