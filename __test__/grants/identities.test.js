'use strict';

// Many identities of a grant that needs no human: their tokens are in memory for `maxIdentities` of them.

const { once } = require('node:events');
const http = require('node:http');
const { TokenClient } = require('../../index.js');

let server;
let asked;
let client;

beforeEach(async () => {
  asked = 0;
  server = http.createServer((request, response) => {
    request.resume();
    asked += 1;
    response.end(JSON.stringify({ access_token: `a${asked}`, expires_in: 3600 }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterEach(async () => {
  await client.close();
  server.close();
});

function connect(options) {
  const url = `http://127.0.0.1:${server.address().port}`;
  const grant = { type: 'client_credentials', tokenEndpoint: `${url}/token`, clientId: 'app' };
  client = new TokenClient({ baseURL: url, grant, ...options });
  return client;
}

async function use(...names) {
  const before = asked;
  for (const name of names) await client.session(name).getAccessToken();
  return asked - before;
}

test('beyond the bound, the oldest are asked for again', async () => {
  connect({ maxIdentities: 3 });
  const names = Array.from({ length: 10 }, (_, n) => `tenant ${n}`);
  expect(await use(...names)).toBe(10);
  expect(await use(...names.slice(-3))).toBe(0);
  expect(await use(...names)).toBeGreaterThanOrEqual(7);
});

test('within the bound, nobody is asked for twice', async () => {
  connect({ maxIdentities: 10 });
  const names = Array.from({ length: 10 }, (_, n) => `tenant ${n}`);
  expect(await use(...names, ...names)).toBe(10);
});

test('a login stays', async () => {
  connect({ maxIdentities: 1 });
  await client.session('person').setTokens({ accessToken: 'own' });
  expect(await use('a', 'b', 'c', 'd')).toBe(4);
  expect(await client.session('person').getAccessToken()).toBe('own');
});
