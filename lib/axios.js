'use strict';

// The `token-rotator/axios` entry.

const { axiosAdapter } = require('./axios/adapter.js');

module.exports = { axiosAdapter };
