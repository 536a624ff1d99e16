'use strict';

const { TokenClient } = require('../..');

/** The memory case holds a refresh for as long as the slowest client needs to queue its requests. */
const HELD_REFRESH_MS = 100_000;

/**
 * Protocols are left to the client: it offers what it offers by default, and the server's port decides (HTTP/1.1 alone on
 * `plain` and `tls`). run-cases.js asks the server which one was spoken.
 */
function create({ origin, ca, sockets, tokens, refresh, needs, store, confirmEvery }) {
  const client = new TokenClient({
    baseURL: origin,
    tokens,
    refresh,
    refreshTimeout: HELD_REFRESH_MS,
    timeout: HELD_REFRESH_MS,
    connections: sockets,
    ...(store && { store, confirmEvery }),
    ...(origin.startsWith('https:') && { tls: { ca } }),
  });
  if (needs === 'fetch' && !client.fetch) throw new Error('this build has no client.fetch');
  async function getAs(session, path) {
    const response = await session.get(path);
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    return response.json();
  }
  return {
    async get(path, signal) {
      const response = await (signal ? client.get(path, { signal }) : client.get(path));
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      return response.json();
    },
    async login(key, tokens) {
      const session = client.session(key);
      await session.setTokens(tokens);
      return session;
    },
    getAs,
    accessToken: () => client.getAccessToken(),
    async rotate(rejected) {
      const { accessToken } = await client.rotate(rejected && { rejected });
      return accessToken;
    },
    async fetch(path) {
      const response = await client.fetch(origin + path);
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      return response.json();
    },
    async download(path) {
      const response = await client.get(path);
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      return response.body;
    },
    async upload(path, body) {
      const response = await client.post(path, body);
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      return response.json();
    },
  };
}

module.exports = { create };
