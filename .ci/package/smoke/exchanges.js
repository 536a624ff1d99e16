'use strict';

// The main exchanges with the installed package: a rotation that Rust makes, one of a `refresh` function, a rejected token, bodies
// both ways, `fetch`, and a session that ends. The server's ledger judges.

const assert = require('node:assert/strict');
const { TokenClient, SessionLostError } = require('token-rotator');
const { startAuthServer } = require('token-rotator/testing');

async function main() {
  const server = await startAuthServer({ reuse: 'strict', clientSecret: 'secret' });
  const { url: baseURL, tokenEndpoint } = server;
  const grant = {
    type: 'refresh_token',
    tokenEndpoint,
    clientId: 'smoke',
    auth: { method: 'client_secret_post', clientSecret: 'secret' },
  };
  const client = new TokenClient({ baseURL, grant, tokens: server.login('ada') });

  server.expire();
  const answers = await Promise.all(Array.from({ length: 50 }, () => client.get('/api/orders')));
  assert(answers.every(({ status }) => status === 200));
  assert.deepEqual([server.ledger.counts.refreshes, server.ledger.counts.reuses], [1, 0]);

  const text = 'x'.repeat(300_000);
  const posted = await client.post('/api/orders', { text });
  const { body } = await posted.json();
  assert(JSON.stringify(body).includes(text), 'the echo lacks the body');
  const fetched = await client.fetch(`${baseURL}/api/orders`);
  assert.equal((await fetched.json()).subject, 'ada');

  await client.setTokens(null);
  await assert.rejects(client.get('/api/orders'), SessionLostError);
  await client.close();
  await server.close();
  console.log(`exchanges: ${answers.length} requests, 1 rotation, no token spent twice`);
}

main();
