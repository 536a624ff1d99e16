'use strict';
const { useHarness } = require('./support/harness.js');
const { serve, client, store, track, collect } = useHarness();
test.each(['sync', '0-2 ms', '0-50 ms'])('works %s', async (l) => {
  const server = await serve();
  const shelf = store(l, server.login('ada'));
  const api = client(server, shelf.callbacks);
  expect((await track(api.get('/api/orders'))).status).toBe(200);
  server.expire();
  const rs = await Promise.all(Array.from({ length: 100 }, () => track(api.get('/api/orders'))));
  expect(rs.every((r) => r.ok)).toBe(true);
  expect(server.ledger.counts).toMatchObject({ expiries: 1, refreshes: 1 });
});
test('FAILS: unhandled rejection', async () => {
  const server = await serve();
  const api = client(server);
  api.get('ftp://x');
  server.fault({ at: 'before-rotate', kind: 'status', status: 400, body: { error: 'invalid_grant' } });
  api.get('/api/orders');
  await server.waitFor((l) => l.counts.tokenRequests === 1);
});
test('FAILS: unhandled rejection late', async () => {
  const server = await serve();
  const api = client(server);
  server.fault({ at: 'before-rotate', kind: 'status', status: 400, body: { error: 'invalid_grant' } });
  api.get('/api/orders');
});
test('FAILS: leak', async () => {
  const server = await serve();
  collect('x' + server.login().accessToken.slice(7, 22));
});
test('FAILS: leak in error', async () => {
  const server = await serve();
  const t = server.login().accessToken;
  await track(Promise.reject(new Error('x', { cause: { a: { b: { c: t } } } }))).catch(() => {});
});
test('FAILS: pending', async () => {
  track(new Promise(() => {}));
});
test('FAILS: reuse', async () => {
  const server = await serve();
  const t = server.login();
  const b = () => fetch(server.tokenEndpoint, { method: 'POST', body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: t.refreshToken }) });
  await b(); await b();
});
