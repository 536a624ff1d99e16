'use strict';

// A whole program: an installation whose storage never answers, and no request.

const axios = require('axios');
const { installAuthRefresh } = require('../../../lib/axios.js');

installAuthRefresh(axios.create({ baseURL: 'http://127.0.0.1:1' }), {
  refresh: async () => {},
  getTokens: () => new Promise(() => {}),
  setTokens: async () => {},
  isSessionExpired: () => false,
  refreshTimeout: Infinity,
});
console.log('{}');
