'use strict';

// axios over the client: one refresh for twenty requests that were rejected, and axios' own errors.

const assert = require('node:assert/strict');
const axios = require('axios');
const { axiosAdapter } = require('token-rotator/axios');
const { judge, start } = require('./start.js');

async function main() {
  const { server, client } = await start();
  const api = axios.create({ baseURL: server.url, adapter: axiosAdapter(client) });
  server.expire();
  const answers = await Promise.all(Array.from({ length: 20 }, () => api.get('/api/orders')));
  assert.deepEqual([...new Set(answers.map(({ data }) => data.subject))], ['ada']);
  judge(server, 1);
  const missing = await api.get('/nowhere').catch((error) => error);
  assert.equal(axios.isAxiosError(missing) && missing.response.status, 404);
  await client.close();
  await server.close();
}

main().then(() => console.log('done'));
