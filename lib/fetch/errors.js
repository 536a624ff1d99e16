'use strict';

// Turns errors of requests into those of the global fetch, because programs that were written for it test for `TypeError`.
// Errors of the token or the client stay as they are.

const { TokenRotatorError, isRequestFailure } = require('../errors.js');

/** The error that fetch rejects with. `message`: the one that fetch has for a failed request. */
function fetchError(error, message = 'fetch failed') {
  if (!(error instanceof TokenRotatorError)) return error;
  if (error.code === 'ERR_INVALID_OPTION') return new TypeError(error.message, { cause: error });
  return isRequestFailure(error.code) ? new TypeError(message, { cause: error }) : error;
}

/** The error that reading a body rejects with. */
function bodyError(error) {
  return fetchError(error, 'terminated');
}

module.exports = { bodyError, fetchError };
