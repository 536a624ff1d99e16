'use strict';

const { TokenClient } = require('./lib/client.js');
const errors = require('./lib/errors.js');

module.exports = {
  TokenClient,
  TokenRotatorError: errors.TokenRotatorError,
  RefreshTimeoutError: errors.RefreshTimeoutError,
  RefreshError: errors.RefreshError,
  SessionLostError: errors.SessionLostError,
  StoreError: errors.StoreError,
  QueueFullError: errors.QueueFullError,
  TimeoutError: errors.TimeoutError,
  NetworkError: errors.NetworkError,
  HttpError: errors.HttpError,
  ClientClosedError: errors.ClientClosedError,
};
