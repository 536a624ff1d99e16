'use strict';

// Tokens that are bound to a key (RFC 9449), against oidc-provider with required nonces and an API whose proofs jose verifies.

const { fork } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const undici = require('undici');
const { TokenClient } = require('../../index.js');
const { tokenInterceptor } = require('../../lib/undici.js');

const PROVIDER = path.join(__dirname, '../support/dpop-provider.js');

let child;
let baseURL;
let directory;
let clients = [];

beforeAll(async () => {
  child = fork(PROVIDER, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (!message?.port) throw new Error(`the provider ended with code ${message}`);
  baseURL = `http://127.0.0.1:${message.port}`;
  directory = mkdtempSync(path.join(tmpdir(), 'dpop-'));
}, 30_000);

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  clients = [];
  await ledger();
});

afterAll(() => {
  if (child.connected) child.disconnect();
  rmSync(directory, { recursive: true });
});

const ask = async (url, options) => (await fetch(baseURL + url, options)).json();
const ledger = () => ask('/ledger');
const nextNonce = (how = '') => ask(`/next-nonce${how}`, { method: 'POST' });

const ROBOT = {
  type: 'client_credentials',
  clientId: 'robot',
  auth: { method: 'client_secret_basic', clientSecret: 'robot-secret' },
  dpop: true,
};
const APP = { type: 'refresh_token', clientId: 'app', dpop: true };

function client(grant, options) {
  const made = new TokenClient({
    baseURL,
    grant: { tokenEndpoint: `${baseURL}/token`, ...grant },
    ...options,
  });
  clients.push(made);
  return made;
}

const statuses = (calls) => Promise.all(calls).then((answers) => answers.map(({ status }) => status));

test.each(['ES256', 'EdDSA'])(
  '%s: a nonce costs one more request, and then a call is one request',
  async (algorithm) => {
    const api = client({ ...ROBOT, dpop: { algorithm } });
    expect(await api.get('/api/first?query#part')).toMatchObject({ status: 200, attempts: 2, replays: 0 });
    expect(await ledger()).toMatchObject({ token: [400, 200], api: ['use_dpop_nonce', 'ok'] });
    const calls = Array.from({ length: 20 }, (_, i) => api.post(`/api/${i}`, { i }));
    expect(await statuses(calls)).toEqual(Array(20).fill(200));
    await api.rotate();
    expect(await api.get('/api/last')).toMatchObject({ status: 200, attempts: 1 });
    const { token, api: requests, keys } = await ledger();
    expect({ token, requests }).toEqual({ token: [200], requests: Array(21).fill('ok') });
    expect(new Set(keys).size).toBe(1);
  },
);

test('the newest nonce wins, also one that a 200 has brought', async () => {
  const api = client(ROBOT);
  await api.get('/api/a');
  await nextNonce();
  expect(await api.get('/api/b')).toMatchObject({ status: 200, attempts: 2 });
  await nextNonce('?told');
  for (let i = 0; i < 3; i += 1) expect(await api.get('/api/c')).toMatchObject({ status: 200, attempts: 1 });
});

test('the refresh token of a public client stays with its key', async () => {
  const api = client(APP, { tokens: await ask('/login') });
  await api.rotate();
  await api.get('/api/a');
  for (let i = 0; i < 3; i += 1) await api.rotate();
  await api.get('/api/b');
  const { token, keys } = await ledger();
  expect(token.filter((status) => status !== 200).length).toBeLessThanOrEqual(1);
  expect(keys[0]).toBe(keys[1]);
});

test('a key is saved with its tokens, so that another client can use and refresh them', async () => {
  const store = { type: 'file', path: path.join(directory, 'store'), key: randomBytes(32) };
  const first = client(APP, { tokens: await ask('/login'), store });
  await first.rotate();
  expect(await first.get('/api/a')).toMatchObject({ status: 200 });
  await first.close();
  // Another name of the directory, so that the session is read from the disk.
  const second = client(APP, { store: { ...store, path: path.join(directory, '.', 'store', '.') } });
  expect(await second.get('/api/b')).toMatchObject({ status: 200 });
  await second.rotate();
  expect(await second.get('/api/c')).toMatchObject({ status: 200 });
  const { keys } = await ledger();
  expect(new Set(keys)).toEqual(new Set([keys[0]]));
  expect(Object.keys(await second.getTokens())).not.toContain('dpop');
});

test('undici and fetch send proofs as well', async () => {
  const api = client(ROBOT);
  const dispatcher = new undici.Agent().compose(tokenInterceptor(api));
  const { statusCode, body } = await undici.request(`${baseURL}/api/a?b`, { dispatcher });
  await body.dump();
  expect(statusCode).toBe(200);
  expect(await ledger()).toMatchObject({ api: ['use_dpop_nonce', 'ok'] });
  expect(await api.fetch(`${baseURL}/api/b`)).toMatchObject({ status: 200 });
  await nextNonce('?told');
  for (let i = 0; i < 2; i += 1) {
    const next = await undici.request(`${baseURL}/api/c`, { dispatcher, method: 'POST', body: 'c' });
    await next.body.dump();
    expect(next.statusCode).toBe(200);
  }
  expect(await ledger()).toMatchObject({ api: ['ok', 'ok', 'ok'] });
  await dispatcher.close();
});

test.each([
  ['getTokens', { getTokens: () => null, setTokens: () => {} }],
  ['store.key', { store: { type: 'file', path: '/tmp/never-made' } }],
  ['store.key', { store: { type: 'file', path: '/tmp/never-made', key: 'none' } }],
  ['store.key', { store: { read: () => null, compareAndSet: () => true, key: ['none', randomBytes(32)] } }],
  ['header.format', { header: { format: (token) => `Token ${token}` } }],
  ['header.name', { header: { name: 'x-token' } }],
])('%s is refused', (name, options) => {
  expect(() => client(ROBOT, options)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining(name) }),
  );
});
