'use strict';

// One client, an expired token and requests that arrive one after the other. Records, on one clock, what the API and the token endpoint
// saw of each request, and when the request's promise settled.

const { performance } = require('node:perf_hooks');
const { setTimeout: sleep } = require('node:timers/promises');
const { TokenClient } = require('../../../index.js');
const { startAuthServer } = require('../../../lib/testing.js');

const REQUESTS = 16;

async function record() {
  const server = await startAuthServer({ latency: 40, apiLatency: 8 });
  const client = new TokenClient({
    baseURL: server.url,
    grant: { type: 'refresh_token', tokenEndpoint: server.tokenEndpoint, clientId: 'waterfall' },
  });
  await client.setTokens(server.login('ada'));
  await client.get('/api/before');
  server.expire();

  const rows = Array.from({ length: REQUESTS }, () => ({ seen: [] }));
  const refresh = {};
  const begun = performance.now();
  const now = () => performance.now() - begun;
  server.on('request', ({ requestId, status }) => rows[requestId]?.seen.push({ at: now(), status }));
  server.on('refresh', () => (refresh.at = now()));
  server.on('answered', () => (refresh.answered = now()));

  await Promise.all(
    rows.map(async (row, i) => {
      await sleep(i * 6);
      row.begin = now();
      const response = await client.get('/api/orders', { headers: { 'x-request-id': `${i}` } });
      Object.assign(row, { end: now(), status: response.status });
    }),
  );
  const { refreshes, reuses, rejected } = server.ledger.counts;
  await client.close();
  await server.close();
  return { rows, refresh, ledger: { refreshes, reuses, rejected } };
}

module.exports = { record };
