'use strict';

// One refresh token, which somebody has put into the environment of this service.

const { TokenClient } = require('token-rotator');

const { API_URL, TOKEN_ENDPOINT, REFRESH_TOKEN, TOKEN_DIRECTORY } = process.env;

const client = new TokenClient({
  baseURL: API_URL,
  grant: { type: 'refresh_token', tokenEndpoint: TOKEN_ENDPOINT, clientId: 'orders-service' },
  // It counts only while the store is empty, because the server may spend it with the first refresh.
  tokens: { refreshToken: REFRESH_TOKEN },
  // Without a store that outlives the process, a restart would send the spent token again, and lose the session.
  store: { type: 'file', path: TOKEN_DIRECTORY },
  logout: () => console.error('REFRESH_TOKEN is of no use any more: log in, and replace it'),
});

async function main() {
  const response = await client.get('/api/orders');
  console.log(response.status);
  await client.close();
}

main();
