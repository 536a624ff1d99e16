'use strict';

// A program, or an SDK, that stays on fetch: `client.fetch` takes and gives what fetch does.

const { TokenClient } = require('token-rotator');

const { API_URL, TOKEN_ENDPOINT, REFRESH_TOKEN } = process.env;

const client = new TokenClient({
  baseURL: API_URL,
  grant: { type: 'refresh_token', tokenEndpoint: TOKEN_ENDPOINT, clientId: 'orders-service' },
  // In memory, to keep the example short: see environment.js for tokens that outlive the process.
  tokens: { refreshToken: REFRESH_TOKEN },
});
const { fetch } = client;

async function main() {
  const response = await fetch(`${API_URL}/api/orders`, { method: 'POST', body: '{"sku":"A-1"}' });
  console.log(response.status);
  await client.close();
}

main();
