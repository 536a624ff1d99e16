'use strict';

const assert = require('node:assert/strict');
const { afterEach, beforeEach, mock, test } = require('node:test');
const { setImmediate: turn } = require('node:timers/promises');
const { startAuthServer } = require('token-rotator/testing');
const { Shop } = require('../../src/shop.js');

let server;
let shop;
beforeEach(async () => {
  server = await startAuthServer({ latency: 2 });
  shop = new Shop({
    baseURL: server.url,
    tokens: server.login('acme'),
    grant: { type: 'refresh_token', tokenEndpoint: server.tokenEndpoint, clientId: 'orders' },
  });
});
afterEach(async () => {
  mock.timers.reset();
  await shop.close();
  await server.close();
});

// With a fixed Date, as for snapshots.
test('many orders are read while the token expires, with one refresh', async () => {
  server.respond('GET /orders/:id', ({ params }) => ({ id: params.id, state: 'paid' }));
  server.expire();
  mock.timers.enable({ apis: ['setTimeout', 'setImmediate', 'Date'], now: new Date('2030-01-01') });
  const orders = await Promise.all(['1', '2', '3'].map((id) => shop.order(id)));
  assert.deepEqual(
    orders.map(({ id }) => id),
    ['1', '2', '3'],
  );
  assert.equal(server.ledger.counts.refreshes, 1);
});

test('an order is placed for the tenant whose token it is', async () => {
  const place = mock.fn((request) => ({ status: 201, body: { id: '7', ...request.json() } }));
  server.respond('POST /orders', place);
  assert.deepEqual(await shop.place(['book']), { id: '7', items: ['book'] });
  assert.equal(place.mock.callCount(), 1);
  assert.equal(place.mock.calls[0].arguments[0].subject, 'acme');
});

test('an order that the shop does not know is an error', async () => {
  server.respond('/orders/:id', { status: 404, body: { error: 'unknown order' } });
  await assert.rejects(shop.order('7'), { code: 'ERR_HTTP_STATUS' });
});

// Only the program's own timers are fake. The client's requests, its rotation and the server go on in real time.
test('a delivery is awaited for minutes', async () => {
  server.respond('/orders/:id', { status: 200, body: { state: 'delivered' } });
  server.respond('/orders/:id', { status: 200, body: { state: 'paid' } }, { times: 5 });
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
  let order;
  shop.delivered('7').then((found) => (order = found));
  while (order === undefined) {
    await turn();
    mock.timers.tick(60_000);
  }
  assert.deepEqual(order, { state: 'delivered' });
  assert.equal(server.ledger.counts.apiRequests, 6);
});

// Without a server: each request goes to a function, where nock, msw or MockAgent would stand.
test('a token that is refused is refreshed, and the request sent again', async () => {
  const answers = [new Response(null, { status: 401 }), Response.json({ id: '7' })];
  const send = mock.fn(async () => answers.shift());
  const mocked = new Shop({
    baseURL: 'https://shop.example.com',
    tokens: { accessToken: 'old', refreshToken: 'r-1' },
    refresh: async () => ({ accessToken: 'new', refreshToken: 'r-2' }),
    transport: { fetch: send },
  });
  assert.deepEqual(await mocked.order('7'), { id: '7' });
  assert.deepEqual(
    send.mock.calls.map(({ arguments: [, { headers }] }) => headers.authorization),
    ['Bearer old', 'Bearer new'],
  );
  await mocked.close();
});
