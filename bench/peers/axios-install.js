'use strict';

// axios with `installAuthRefresh`, whichever package's it is.

const { createInstance } = require('./axios-instance.js');

/** The memory case holds a refresh for as long as the slowest client needs to queue its requests. */
const HELD_REFRESH_MS = 100_000;

function createWith({ installAuthRefresh, setAuthHeaders }, { origin, ca, sockets, tokens, refresh }) {
  const api = createInstance({ origin, ca, sockets });
  let held = tokens;
  installAuthRefresh(api, {
    refresh,
    getTokens: async () => held,
    setTokens: async (next) => {
      held = next;
    },
    isSessionExpired: ({ status }) => status === 401,
    isRefreshFailureTerminal: (error) => error?.response?.status === 400,
    refreshTimeout: HELD_REFRESH_MS,
  });
  setAuthHeaders(api, tokens.accessToken);
  return {
    // axios rejects every status outside 200–299 and parses JSON by itself.
    async get(path, signal) {
      const { data } = await api.get(path, signal && { signal });
      return data;
    },
  };
}

module.exports = { createWith };
