'use strict';

// The client under mocked networks: nock, msw and undici's MockAgent see its requests, answer them, and block them. 432 of these
// tests are generated, as a program's own tests would be: each names the requests that it expects, with their tokens.

const { createServer } = require('node:http');
const { once } = require('node:events');
const axios = require('axios');
const { TokenClient } = require('../../index.js');
const { axiosAdapter } = require('../../lib/axios.js');
const { WORLDS } = require('./worlds.js');

const API = 'https://api.example.com';
const TOKEN_ENDPOINT = 'https://auth.example.com/token';

/** How a program sends a request: each resolves to `[status, data]`. */
const ENTRIES = {
  async request(client, method, path, body) {
    const response = await client.request(path, { method, body });
    const text = await response.text();
    return [response.status, text === '' ? undefined : JSON.parse(text)];
  },
  async fetch(client, method, path, body) {
    const init = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await client.fetch(`${API}${path}`, { method, ...init });
    const text = await response.text();
    return [response.status, text === '' ? undefined : JSON.parse(text)];
  },
  async axios(client, method, path, data) {
    const instance = axios.create({ baseURL: API, adapter: axiosAdapter(client), validateStatus: null });
    const response = await instance.request({ method, url: path, data });
    return [response.status, response.data === '' ? undefined : response.data];
  },
};

const ANSWERS = [
  { status: 200, data: { item: 7 } },
  { status: 204, data: undefined, headers: {} },
  { status: 404, data: { error: 'unknown' } },
  { status: 422, data: { error: 'wrong' } },
];

/** What becomes of the token. */
const TOKENS = ['is good', 'is rotated by refresh', 'is rotated by a grant'];

function casesOf() {
  const cases = [];
  for (const entry of Object.keys(ENTRIES))
    for (const method of ['GET', 'POST', 'PUT', 'DELETE'])
      for (const answer of ANSWERS) for (const token of TOKENS) cases.push({ entry, method, answer, token });
  return cases.map((it, number) => ({ ...it, path: `/items-${number}` }));
}

let clients = [];

function make(world, options) {
  const client = new TokenClient({
    baseURL: API,
    tokens: { accessToken: 'old', refreshToken: 'r-1' },
    transport: world.transport,
    ...options,
  });
  clients.push(client);
  return client;
}

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  clients = [];
});

describe.each(Object.entries(WORLDS))('under %s', (_name, open) => {
  let world;
  beforeAll(() => {
    world = open();
  });
  afterAll(() => world.close());

  test.each(casesOf())('$entry $method $path: $answer.status, and the token $token', async (it) => {
    const { entry, method, answer, token, path } = it;
    const body = method === 'POST' || method === 'PUT' ? { name: path } : undefined;
    const request = { url: `${API}${path}`, method, body };
    let options = { refresh: async () => ({ accessToken: 'new', refreshToken: 'r-2' }) };
    if (token !== 'is good') world.answer({ ...request, token: 'old', status: 401, data: {} });
    if (token === 'is rotated by a grant') {
      const form = 'grant_type=refresh_token&refresh_token=r-1&client_id=me';
      const tokens = { access_token: 'new', refresh_token: 'r-2', token_type: 'Bearer' };
      world.answer({ url: TOKEN_ENDPOINT, method: 'POST', body: form, status: 200, data: tokens });
      options = { grant: { type: 'refresh_token', tokenEndpoint: TOKEN_ENDPOINT, clientId: 'me' } };
    }
    world.answer({ ...request, token: token === 'is good' ? 'old' : 'new', ...answer });

    const client = make(world, options);
    expect(await ENTRIES[entry](client, method, path, body)).toEqual([answer.status, answer.data]);

    expect(world.left()).toBe(0);
    expect(client.stats()).toMatchObject({
      requests: 1,
      replays: token === 'is good' ? 0 : 1,
      rotations: token === 'is good' ? 0 : 1,
      retries: 0,
    });
  });

  test('a blocked network blocks the client and its grant', async () => {
    // msw says there what it blocks.
    jest.spyOn(console, 'error').mockImplementation(() => {});
    let seen = 0;
    const server = createServer((_request, response) => {
      seen += 1;
      response.end('{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${server.address().port}`;
    const grant = { type: 'refresh_token', tokenEndpoint: `${url}/token`, clientId: 'me' };
    try {
      const client = make(world, { baseURL: url, grant });
      const blocked = { code: 'ERR_NETWORK', retryable: false };
      await expect(client.get('/orders')).rejects.toMatchObject(blocked);
      await expect(client.fetch('/orders')).rejects.toMatchObject({ cause: blocked });
      await expect(axios.get(url, { adapter: axiosAdapter(client) })).rejects.toMatchObject({
        cause: blocked,
      });
      await expect(client.rotate()).rejects.toMatchObject({ code: 'ERR_REFRESH_FAILED' });
      expect(client.stats().retries).toBe(0);
      expect(seen).toBe(0);
    } finally {
      jest.restoreAllMocks();
      server.close();
    }
  });
});
