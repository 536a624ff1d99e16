'use strict';

// The `token-rotator/axios` entry.

const { axiosAdapter } = require('./axios/adapter.js');
const { installAuthRefresh, setAuthHeaders } = require('./axios/packages/install.js');
const { RefreshTimeoutError } = require('./errors.js');
const { createTokenRotator } = require('./axios/packages/rotator.js');

module.exports = {
  RefreshTimeoutError,
  axiosAdapter,
  createTokenRotator,
  installAuthRefresh,
  setAuthHeaders,
};
