'use strict';

const { createAuthRefresh } = require('axios-auth-refresh');

const { createInstance } = require('./axios-instance.js');

function create({ origin, ca, sockets, tokens, refresh }) {
  const api = createInstance({ origin, ca, sockets });
  let held = tokens;
  // As its README says: the header comes from a request interceptor, so that stalled requests take the new token.
  api.interceptors.request.use((config) => {
    config.headers.set('Authorization', `Bearer ${held.accessToken}`);
    return config;
  });
  const refreshAll = async () => {
    held = await refresh(held.refreshToken);
  };
  // Off is what makes requests that are rejected together share one refresh; on, all but the first are lost
  // (axios-auth-refresh issue 307).
  createAuthRefresh(api, refreshAll, { deduplicateRefresh: false });
  return {
    // axios rejects every status outside 200–299 and parses JSON by itself.
    async get(path) {
      const { data } = await api.get(path);
      return data;
    },
  };
}

module.exports = { create };
