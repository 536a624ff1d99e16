import { setImmediate as turn } from 'node:timers/promises';
import { startAuthServer } from 'token-rotator/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Shop } from '../../src/shop.js';

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
  vi.useRealTimers();
  await shop.close();
  await server.close();
});

// With a fixed Date, as for snapshots.
test('many orders are read while the token expires, with one refresh', async () => {
  server.respond('GET /orders/:id', ({ params }) => ({ id: params.id, state: 'paid' }));
  server.expire();
  vi.useFakeTimers({ now: new Date('2030-01-01') });
  const orders = await Promise.all(['1', '2', '3'].map((id) => shop.order(id)));
  expect(orders.map(({ id }) => id)).toEqual(['1', '2', '3']);
  expect(server.ledger.counts.refreshes).toBe(1);
});

test('an order is placed for the tenant whose token it is', async () => {
  const place = vi.fn((request) => ({ status: 201, body: { id: '7', ...request.json() } }));
  server.respond('POST /orders', place);
  expect(await shop.place(['book'])).toEqual({ id: '7', items: ['book'] });
  expect(place.mock.calls.length).toBe(1);
  expect(place.mock.calls[0][0].subject).toBe('acme');
});

test('an order that the shop does not know is an error', async () => {
  server.respond('/orders/:id', { status: 404, body: { error: 'unknown order' } });
  await expect(shop.order('7')).rejects.toMatchObject({ code: 'ERR_HTTP_STATUS' });
});

// Only the program's own timers are fake. The client's requests, its rotation and the server go on in real time.
test('a delivery is awaited for minutes', async () => {
  server.respond('/orders/:id', { status: 200, body: { state: 'delivered' } });
  server.respond('/orders/:id', { status: 200, body: { state: 'paid' } }, { times: 5 });
  vi.useFakeTimers();
  let order;
  shop.delivered('7').then((found) => (order = found));
  while (order === undefined) {
    await turn();
    vi.advanceTimersByTime(60_000);
  }
  expect(order).toEqual({ state: 'delivered' });
  expect(server.ledger.counts.apiRequests).toBe(6);
});

// Without a server: each request goes to a function, where nock, msw or MockAgent would stand.
test('a token that is refused is refreshed, and the request sent again', async () => {
  const answers = [new Response(null, { status: 401 }), Response.json({ id: '7' })];
  const send = vi.fn(async () => answers.shift());
  const mocked = new Shop({
    baseURL: 'https://shop.example.com',
    tokens: { accessToken: 'old', refreshToken: 'r-1' },
    refresh: async () => ({ accessToken: 'new', refreshToken: 'r-2' }),
    transport: { fetch: send },
  });
  expect(await mocked.order('7')).toEqual({ id: '7' });
  expect(send.mock.calls.map(([, { headers }]) => headers.authorization)).toEqual([
    'Bearer old',
    'Bearer new',
  ]);
  await mocked.close();
});
