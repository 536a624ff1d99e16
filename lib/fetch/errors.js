'use strict';

// Which of our errors the global fetch has as well, and how it shows them: programs that were written for it tell a failed
// request by `TypeError`. What is about the token or the client stays what it is.

const { TokenRotatorError, isRequestFailure } = require('../errors.js');

/** What fetch rejects with. `message` is the one it has for requests that went wrong. */
function fetchError(error, message = 'fetch failed') {
  if (!(error instanceof TokenRotatorError)) return error;
  if (error.code === 'ERR_INVALID_OPTION') return new TypeError(error.message, { cause: error });
  return isRequestFailure(error.code) ? new TypeError(message, { cause: error }) : error;
}

/** What a body is read with. */
function bodyError(error) {
  return fetchError(error, 'terminated');
}

module.exports = { bodyError, fetchError };
