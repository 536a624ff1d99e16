'use strict';

const { TokenClient } = require('./lib/client.js');
const errors = require('./lib/errors.js');
const { PLACEHOLDER } = require('./lib/foreign-header.js');

// One by one, because Node reads the names that `import { ... }` may use from assignments like these.
exports.TokenClient = TokenClient;
exports.PLACEHOLDER = PLACEHOLDER;
exports.TokenRotatorError = errors.TokenRotatorError;
exports.RefreshTimeoutError = errors.RefreshTimeoutError;
exports.RefreshError = errors.RefreshError;
exports.SessionLostError = errors.SessionLostError;
exports.StoreError = errors.StoreError;
exports.QueueFullError = errors.QueueFullError;
exports.TimeoutError = errors.TimeoutError;
exports.NetworkError = errors.NetworkError;
exports.HttpError = errors.HttpError;
exports.ClientClosedError = errors.ClientClosedError;
