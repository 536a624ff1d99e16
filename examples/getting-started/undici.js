'use strict';

// A program that stays on undici: undici sends the requests, and the client brings the token and the one rotation.

const { Agent, request } = require('undici');
const { TokenClient } = require('token-rotator');
const { tokenInterceptor } = require('token-rotator/undici');

const { API_URL, TOKEN_ENDPOINT, REFRESH_TOKEN } = process.env;

const client = new TokenClient({
  baseURL: API_URL,
  grant: { type: 'refresh_token', tokenEndpoint: TOKEN_ENDPOINT, clientId: 'orders-service' },
  // In memory, to keep the example short: see environment.js for tokens that outlive the process.
  tokens: { refreshToken: REFRESH_TOKEN },
});
const dispatcher = new Agent().compose(tokenInterceptor(client));

async function main() {
  const { statusCode, body } = await request(`${API_URL}/api/orders`, { dispatcher });
  await body.dump();
  console.log(statusCode);
  await client.close();
  await dispatcher.close();
}

main();
