'use strict';

// axios as it is, with a token that it is told: what `axiosAdapter` is compared with.

const { createInstance } = require('./axios-instance.js');

function create({ origin, ca, sockets, tokens }) {
  const api = createInstance({ origin, ca, sockets });
  api.defaults.headers.common.Authorization = `Bearer ${tokens.accessToken}`;
  return {
    async get(path) {
      const { data } = await api.get(path);
      return data;
    },
  };
}

module.exports = { create };
