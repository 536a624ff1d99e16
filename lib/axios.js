'use strict';

// The `token-rotator/axios` entry.

const { axiosAdapter } = require('./axios/adapter.js');
const { installAuthRefresh, setAuthHeaders } = require('./axios/install.js');
const { RefreshTimeoutError } = require('./axios/losses.js');

module.exports = { RefreshTimeoutError, axiosAdapter, installAuthRefresh, setAuthHeaders };
