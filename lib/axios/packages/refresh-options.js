'use strict';

// Reads token-refresh's options. token-refresh checks none of them. Values that could never work are refused here; unknown
// options are ignored, as there.

const { MAX_MS, optionalFunction, own } = require('../../options/check.js');
const { invalidOption } = require('../../errors.js');

const REQUIRED = ['refresh', 'getTokens', 'setTokens'];
const OPTIONAL = [
  ...['isSessionExpired', 'isRefreshFailureTerminal'],
  ...['onBeforeRefresh', 'onRefreshed', 'onRefreshFailed', 'logout'],
];
const REFRESH_TIMEOUT = 10_000;
const MAX_RETRIES = 3;

function readRefreshOptions(api, options) {
  checkInstance(api, 'api');
  if (typeof options !== 'object' || options === null) throw invalidOption('options', 'an object');
  const read = /** @type {any} */ ({});
  for (const name of REQUIRED) {
    read[name] = own(options, name);
    if (typeof read[name] !== 'function') throw invalidOption(name, 'a function');
  }
  for (const name of OPTIONAL) read[name] = optionalFunction(own(options, name), name);
  read.judges = read.isSessionExpired !== undefined;
  read.isSessionExpired ??= ({ status }) => status === 401;
  const header = own(options, 'header');
  read.headerName = own(header, 'name') || 'Authorization';
  read.format = optionalFunction(own(header, 'format') || undefined, 'header.format') ?? bearer;
  read.maxRetries = readRetries(own(options, 'maxRetries'));
  read.refreshTimeout = readTimeout(own(options, 'refreshTimeout'));
  read.logger = own(options, 'logger');
  read.allowedOrigins = own(options, 'allowedOrigins');
  return read;
}

function bearer(token) {
  return `Bearer ${token}`;
}

function checkInstance(api, name) {
  if (typeof api?.interceptors?.request?.use !== 'function' || typeof api.request !== 'function') {
    throw invalidOption(name, 'an axios instance');
  }
}

function readRetries(value = MAX_RETRIES) {
  if (typeof value !== 'number' || !(value >= 0)) throw invalidOption('maxRetries', 'a number ≥ 0');
  return value;
}

/** Infinity becomes the longest delay that Node's timers take. */
function readTimeout(value = REFRESH_TIMEOUT) {
  if (typeof value !== 'number' || !(value >= 0)) {
    throw invalidOption('refreshTimeout', 'a number of milliseconds ≥ 0');
  }
  return Math.min(Math.max(Math.ceil(value), 1), MAX_MS);
}

module.exports = { bearer, checkInstance, readRefreshOptions, readTimeout };
