'use strict';

// Machine to machine: this service has an id and a secret of its own, and no user logs in.

const { TokenClient } = require('token-rotator');

const { API_URL, TOKEN_ENDPOINT } = process.env;

const client = new TokenClient({
  baseURL: API_URL,
  grant: {
    type: 'client_credentials',
    tokenEndpoint: TOKEN_ENDPOINT, // or `issuer`, whose metadata name the endpoint
    clientId: 'orders-service',
    auth: { method: 'client_secret_basic', clientSecret: { env: 'CLIENT_SECRET' } },
  },
});

async function main() {
  // The first request asks for the first token.
  const response = await client.get('/api/orders');
  console.log(response.status);
  await client.close();
}

main();
