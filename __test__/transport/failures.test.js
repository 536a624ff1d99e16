'use strict';

// What becomes of a request whose transport fails: whether it may be sent again, and that nothing is left behind.

const { TokenClient } = require('../../index.js');
const { freePort } = require('../requests/servers.js');

const clients = [];
afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())));

/** A client over this `fetch`, which counts the requests that it gets. */
function over(fetch, options) {
  const counted = jest.fn(fetch);
  const client = new TokenClient({
    baseURL: 'https://api.example.com',
    tokens: { accessToken: 'first', refreshToken: 'r' },
    refresh: async () => ({ accessToken: 'second' }),
    transport: { fetch: counted },
    retry: { limit: 1, maxDelay: 1 },
    ...options,
  });
  clients.push(client);
  return { client, sent: counted.mock.calls };
}

const failing = (fields) => async () => {
  throw Object.assign(new TypeError('failed'), fields);
};
const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });

test.each([
  ['was refused its connection', { cause: refused }, 2],
  ['lost its connection', { cause: reset }, 1],
  ['lost one connection, and was refused another', { errors: [reset, refused] }, 1],
  ['threw the answer', { status: 503 }, 1],
  ['threw the answer of a proxy that was refused', { statusCode: 502, cause: refused }, 1],
])(
  'a POST whose transport %s: it is sent again only if no server has seen it',
  async (_name, fields, times) => {
    const { client, sent } = over(failing(fields));
    await expect(client.post('/orders', { item: 7 })).rejects.toMatchObject({ code: 'ERR_NETWORK' });
    expect(sent).toHaveLength(times);
  },
);

test('a POST to a port where nobody listens is sent again, as over the client’s own network', async () => {
  const baseURL = `http://127.0.0.1:${await freePort()}`;
  const { client, sent } = over((...args) => fetch(...args), { baseURL });
  await expect(client.post('/orders', { item: 7 })).rejects.toMatchObject({
    cause: { code: 'ECONNREFUSED' },
  });
  expect(sent).toHaveLength(2);
});

const trap = () => {
  throw new Error('trap');
};

test.each([
  ['nothing', undefined],
  ['an error whose message cannot be read', Object.defineProperty(new Error(), 'message', { get: trap })],
  ['an error whose cause cannot be read', Object.defineProperty(new Error(), 'cause', { get: trap })],
  ['a Proxy', new Proxy({}, { get: trap, getPrototypeOf: trap, has: trap })],
])('a transport that throws %s fails its request', async (_name, thrown) => {
  const { client } = over(async () => {
    throw thrown;
  });
  const failed = client.post('/orders', { item: 7 });
  await expect(failed).rejects.toMatchObject({ code: 'ERR_NETWORK', cause: { code: 'UNKNOWN' } });
});

test.each([
  ['a status', { status: 700 }],
  ['a header', { status: 200, headers: [['x', 'a\u0001b']] }],
])('the body of an answer that is refused for %s is let go', async (_name, { status, headers = [] }) => {
  let cancel;
  const cancelled = new Promise((resolve) => (cancel = resolve));
  const answer = { status, headers: new Map(headers), body: new ReadableStream({ cancel }) };
  const { client } = over(async () => answer, { retry: false });
  await expect(client.get('/orders')).rejects.toMatchObject({ code: 'ERR_NETWORK' });
  await cancelled;
});
