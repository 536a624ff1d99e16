'use strict';

// Both APIs with one version of axios, in a process without jest, whose realms axios 1.0 cannot stand. Started by fork
// with the name of its package; asserts, and ends by itself.

const assert = require('node:assert/strict');
const { createTokenRotator, installAuthRefresh, setAuthHeaders } = require('../../../lib/axios.js');
const { startAuthServer } = require('../../../lib/testing.js');
const { startCookieServer } = require('./cookie-server.js');
const { failure, refreshAt, storage } = require('./wiring.js');

const axios = require(process.argv[2]);
const sent = ({ data }, name = 'authorization') => data.headers[name];

async function installed() {
  const server = await startAuthServer();
  const other = await startAuthServer();
  const shelf = storage(server.login('ada'));
  const api = axios.create({ baseURL: server.url });
  const { uninstall } = installAuthRefresh(api, {
    ...shelf.callbacks,
    refresh: async (refreshToken) => {
      // By way of the instance, which does not wait for itself.
      await failure(api.get('/api/warm-up'));
      return refreshAt(server)(refreshToken);
    },
    isSessionExpired: ({ status }) => status === 401,
    isRefreshFailureTerminal: (error) => error?.response?.status === 400,
  });

  // Attached, refreshed, replayed, with the caller's own headers and body.
  server.expire();
  const { data } = await api.post('/api/orders', { item: 7 }, { headers: { 'x-own': '1' } });
  assert.deepEqual([data.body, data.generation, data.headers['x-own']], ['{"item":7}', 1, '1']);
  assert.match(data.headers['content-type'], /^application\/json/);
  assert.equal(api.defaults.headers.common.Authorization, `Bearer ${shelf.held.accessToken}`);

  // By default now; and current after another rotation.
  server.expire();
  await api.get('/api/orders');
  const current = `Bearer ${shelf.held.accessToken}`;
  assert.equal(sent(await api.get('/public/a')), current);
  assert.equal(sent(await api.get('/public/a', { skipAuthRefresh: true })), current);

  // Not to another host, and not after a redirect.
  assert.equal(sent(await api.get(`${other.url}/public/a`)), undefined);
  assert.equal(sent(await api.get(`${other.url}/public/a`, { skipAuthRefresh: true })), undefined);
  const location = `${other.url}/public/a`;
  server.fault({ at: 'api', kind: 'status', status: 302, headers: { location } });
  assert.equal(sent(await api.get('/api/orders')), undefined);

  // The caller's own credential, and an error's.
  assert.equal(sent(await api.get('/public/a', { headers: { authorization: 'Basic eDp5' } })), 'Basic eDp5');
  const refused = await failure(api.get('/missing'));
  assert.equal(refused.response.status, 404);

  // Aborted while it waits.
  server.expire();
  server.fault({ at: 'before-rotate', kind: 'hang' });
  const controller = new AbortController();
  const aborted = failure(api.get('/api/orders', { signal: controller.signal }));
  const late = failure(api.get('/api/orders', { timeout: 60 }));
  await server.waitFor(({ hanging }) => hanging === 1);
  controller.abort();
  assert.equal(axios.isCancel(await aborted), true);
  assert.equal((await late).code, 'ECONNABORTED');
  server.release();
  assert.equal((await api.get('/api/orders')).status, 200);

  // Another login, and a logout.
  shelf.held = server.login('bob');
  setAuthHeaders(api, shelf.held.accessToken);
  server.expire('bob');
  assert.equal((await api.get('/api/orders')).data.subject, 'bob');
  shelf.held = null;
  setAuthHeaders(api, null);
  assert.equal(sent(await api.get('/public/a')), undefined);

  uninstall();
  assert.equal(server.ledger.counts.reuses, 0);
  await Promise.all([server.close(), other.close()]);
}

async function rotating() {
  const server = await startCookieServer();
  const { api, setAccessToken, getAccessToken } = createTokenRotator({
    axiosInstance: axios.create({ baseURL: server.url, headers: { common: { Cookie: 'own=1' } } }),
    onRefreshSuccess: (data) => data.accessToken,
  });
  const { data } = await api.post('/login', {});
  setAccessToken(data.accessToken);
  for (let time = 0; time < 3; time += 1) {
    server.expire();
    const answer = await api.post('/api/orders', { item: 7 });
    assert.equal(answer.status, 200);
    assert.equal(answer.data.authorization, `Bearer ${getAccessToken()}`);
    assert.equal(answer.data.cookie, 'own=1; seen=1');
  }
  assert.deepEqual(
    server.to('/api/orders').map(({ body }) => body),
    Array(6).fill('{"item":7}'),
  );
  assert.deepEqual([server.refreshes, server.reuses], [3, 0]);
  await server.close();
}

installed().then(rotating);
