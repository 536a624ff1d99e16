'use strict';

// axios with `axiosAdapter`: its transforms and interceptors, and this package on the wire.

const axios = require('axios');

const { TokenClient } = require('../..');
const { axiosAdapter } = require('../../lib/axios.js');

function create({ origin, ca, sockets, tokens, refresh }) {
  const tls = origin.startsWith('https:') ? { ca } : undefined;
  const client = new TokenClient({ baseURL: origin, refresh, tokens, connections: sockets, tls });
  const api = axios.create({ baseURL: origin, adapter: axiosAdapter(client) });
  return {
    async get(path) {
      const { data } = await api.get(path);
      return data;
    },
  };
}

module.exports = { create };
