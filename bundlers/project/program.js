'use strict';

// One rotation by the client, seen through axios too. The ledger of the server, which is bundled with the rest, judges.

const assert = require('node:assert/strict');
const axios = require('axios');
const { TokenClient } = require('token-rotator');
const { axiosAdapter } = require('token-rotator/axios');
const { startAuthServer } = require('token-rotator/testing');

async function main() {
  const server = await startAuthServer({ reuse: 'strict' });
  const { url: baseURL, tokenEndpoint } = server;
  const grant = { type: 'refresh_token', tokenEndpoint, clientId: 'bundled' };
  const client = new TokenClient({ baseURL, grant, tokens: server.login('ada') });
  const api = axios.create({ baseURL, adapter: axiosAdapter(client, { axios }) });

  server.expire();
  const answers = await Promise.all([client.get('/api/orders'), api.get('/api/orders')]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200],
  );
  const missing = await api.get('/nothing').catch((error) => error);
  assert(missing instanceof axios.AxiosError, `${missing} is no error of the program's axios`);
  const { refreshes, reuses } = server.ledger.counts;
  assert.deepEqual({ refreshes, reuses }, { refreshes: 1, reuses: 0 });

  await client.close();
  await server.close();
  console.log('one rotation');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
