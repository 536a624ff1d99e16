'use strict';

// What the leak scan does: each case makes errors with secrets all around. `secret()` is a new marked text.

const { Readable } = require('node:stream');
const { TokenClient } = require('..');

/** Options that are refused. */
const options = [
  ({ secret }) => ({ tokens: secret() }),
  ({ secret }) => ({ tokens: { accessToken: `${secret()} x` } }),
  ({ secret }) => ({ tokens: { accessToken: 'a', refreshToken: `${secret()}\n` } }),
  ({ secret }) => ({ baseURL: `https://user:${secret()}@example.com` }),
  ({ secret }) => ({ baseURL: `https://example.com/?token=${secret()}` }),
  ({ secret }) => ({ headers: { authorization: `Bearer ${secret()}\r\nx: y` } }),
  ({ secret }) => ({ proxy: `ftp://user:${secret()}@example.com` }),
  ({ secret }) => ({ proxy: `http://user:${secret()} @example.com` }),
  ({ secret }) => ({ store: { type: 'redis', url: `redis://:${secret()}@[::1` } }),
  ({ secret }) => ({ tls: { cert: secret(), key: secret() } }),
  ({ secret }) => ({ tls: { ca: `-----BEGIN CERTIFICATE-----\n${secret()}` } }),
  ({ secret }) => ({
    refresh: undefined,
    grant: { type: 'refresh_token', clientId: 'a', clientSecret: secret() },
  }),
  ({ secret, url }) => ({
    refresh: undefined,
    grant: { type: 'client_credentials', tokenEndpoint: `${url}/${secret()} x`, clientId: { x: secret() } },
  }),
  ({ secret, url }) => ({
    refresh: undefined,
    grant: {
      type: 'client_credentials',
      tokenEndpoint: `${url}/token`,
      clientId: 'app',
      auth: { method: 'private_key_jwt', key: secret() },
    },
  }),
];

/** Calls that fail. */
const calls = [
  (api, { secret }) => api.get(`http://[${secret()}`),
  (api, { secret }) => api.get(`https://example.com/${secret()}?t=${secret()}`),
  (api, { secret }) => api.get(`http://u:${secret()}@127.0.0.1:1/`),
  (api, { secret }) => api.get(`http://example.com/${secret()}`),
  (api, { secret }) => api.get(`http://127.0.0.1:1/?t=${secret()}`, { skipAuthRefresh: true, retry: false }),
  (api, { secret }) => api.get(`/418?t=${secret()}`, { throwHttpErrors: true }),
  (api, { secret }) => api.get(`/reset?t=${secret()}`, { retry: false }),
  (api, { secret }) => api.get(`/away?t=${secret()}`),
  (api, { secret }) => api.get(`/nowhere?t=${secret()}`),
  async (api, { secret }) => (await api.get(`/junk?t=${secret()}`)).json(),
  (api, { secret }) => api.get(`/401?t=${secret()}`, { throwHttpErrors: true }),
  (api, { secret }) => api.get('/x', { headers: { a: `${secret()}\n` } }),
  // A process warning.
  (api, { secret }) => api.fetch(`/x?t=${secret()}`, { headers: { authorization: `Bearer ${secret()}` } }),
  (api, { secret }) => api.request('/x', { method: `${secret()} x` }),
  (api, { secret }) => api.post('/x', Readable.from([{ secret: secret() }])),
  (api, { secret }) => api.rotate({ rejected: { secret: secret() } }),
  (api, { secret }) => api.setTokens({ accessToken: `${secret()} x` }),
];

/** Callbacks, and answers of a token endpoint, that fail. */
const refreshes = [
  ({ thrown }) => ({ refresh: () => Promise.reject(thrown()) }),
  ({ thrown }) => ({ refresh: () => Promise.reject(Object.assign(thrown(), { error: 'invalid_grant' })) }),
  ({ secret }) => ({ refresh: () => ({ accessToken: `${secret()} x` }) }),
  ({ secret }) => ({ refresh: () => secret() }),
  ({ thrown }) => ({ getTokens: () => Promise.reject(thrown()), setTokens() {} }),
  ({ secret }) => ({ getTokens: () => ({ accessToken: `${secret()}\nx` }), setTokens() {} }),
  ...['token-junk', 'token-refused', 'token-down', 'token-html'].map((path) => ({ secret, url }) => ({
    refresh: undefined,
    grant: {
      type: 'refresh_token',
      tokenEndpoint: `${url}/${path}`,
      clientId: 'app',
      auth: { method: 'client_secret_basic', clientSecret: secret() },
    },
  })),
  ({ secret, url }) => ({
    refresh: () => ({ accessToken: secret() }),
    proxy: `${url.replace('//', `//u:${secret()}@`)}`,
  }),
];

/** One round: every case once. `note` takes each value that a program could print. */
async function round(world) {
  const { secret, note, url } = world;
  const usual = () => ({
    baseURL: url,
    tokens: { accessToken: secret(), refreshToken: secret(), note: secret() },
    refresh: () => ({ accessToken: secret(), refreshToken: secret() }),
    logger: { debug: (...line) => note(...line), error: (...line) => note(...line) },
    onRefreshFailed: (...args) => note(...args),
    onPersistFailed: (...args) => note(...args),
  });
  for (const option of options) {
    try {
      await new TokenClient({ ...usual(), ...option(world) }).close();
    } catch (error) {
      note(error);
    }
  }
  const api = new TokenClient(usual());
  for (const call of calls) await call(api, world).catch(note);
  note(api, api.stats(), api.session(secret()));
  await api.close();
  for (const refresh of refreshes) {
    const broken = new TokenClient({ ...usual(), ...refresh(world) });
    for (const call of [
      () => broken.rotate(),
      () => broken.get(`/x?t=${secret()}`),
      () => broken.getAccessToken(),
    ])
      await call().then(() => {}, note);
    note(broken, broken.stats());
    await broken.close();
  }
}

module.exports = { round };
