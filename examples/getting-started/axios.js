'use strict';

// A program that stays on axios: instances, interceptors and transforms go on, and the client sends the requests.

const axios = require('axios');
const { TokenClient } = require('token-rotator');
const { axiosAdapter } = require('token-rotator/axios');

const { API_URL, TOKEN_ENDPOINT, REFRESH_TOKEN } = process.env;

const client = new TokenClient({
  baseURL: API_URL,
  grant: { type: 'refresh_token', tokenEndpoint: TOKEN_ENDPOINT, clientId: 'orders-service' },
  // In memory, to keep the example short: see environment.js for tokens that outlive the process.
  tokens: { refreshToken: REFRESH_TOKEN },
});
const api = axios.create({ baseURL: API_URL, adapter: axiosAdapter(client) });

async function main() {
  const { status } = await api.get('/api/orders', { params: { open: true } });
  console.log(status);
  await client.close();
}

main();
