'use strict';

const { TokenClient } = require('./lib/client.js');
const {
  TokenRotatorError,
  RefreshTimeoutError,
  RefreshError,
  SessionLostError,
  StoreError,
  QueueFullError,
  TimeoutError,
  NetworkError,
  HttpError,
  ClientClosedError,
} = require('./lib/errors.js');

// Plain names only: from anything else, Node cannot tell what `import { … }` may name.
module.exports = {
  TokenClient,
  TokenRotatorError,
  RefreshTimeoutError,
  RefreshError,
  SessionLostError,
  StoreError,
  QueueFullError,
  TimeoutError,
  NetworkError,
  HttpError,
  ClientClosedError,
};
