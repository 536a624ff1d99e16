'use strict';

// The `token-rotator/axios` entry.

const { axiosAdapter } = require('./axios/adapter.js');
const { installAuthRefresh, setAuthHeaders } = require('./axios/install.js');
const { RefreshTimeoutError } = require('./axios/losses.js');
const { createTokenRotator } = require('./axios/rotator.js');

module.exports = {
  RefreshTimeoutError,
  axiosAdapter,
  createTokenRotator,
  installAuthRefresh,
  setAuthHeaders,
};
