'use strict';

const { TokenClient } = require('../..');

/** The memory case holds a refresh for as long as the slowest client needs to queue its requests. */
const HELD_REFRESH_MS = 100_000;

function create({ origin, ca, sockets, tokens, refresh }) {
  const client = new TokenClient({
    baseURL: origin,
    tokens,
    refresh,
    refreshTimeout: HELD_REFRESH_MS,
    timeout: HELD_REFRESH_MS,
    connections: sockets,
    ...(origin.startsWith('https:') && { tls: { ca } }),
  });
  return {
    async get(path, signal) {
      const response = await (signal ? client.get(path, { signal }) : client.get(path));
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      return response.json();
    },
  };
}

module.exports = { create };
