'use strict';

// Errors of a refresh, in the words of token-refresh.

const errors = require('../../errors.js');

class RefreshTimeoutError extends errors.RefreshTimeoutError {
  constructor() {
    super('Refresh timeout');
  }
}

/**
 * Marks the session as lost without asking the authorization server. Users never see it. `error` makes
 * `refresh-error.js` classify it as terminal where the user has no predicate.
 */
class TerminalError extends Error {
  error = 'invalid_grant';
}

/** Each caller gets the 401 of its own request. */
class NoRefreshToken extends TerminalError {}

/** Each caller gets the 401 that came first. */
class TriesUsedUp extends TerminalError {}

/** The error that the program's own function threw, unless this package says better what was wrong with its result. */
function causeOf(error) {
  const { code } = error;
  const isOurs = code === 'ERR_REFRESH_MALFORMED' || code === 'ERR_STORE_CORRUPT';
  return 'cause' in error && !isOurs ? error.cause : error;
}

module.exports = { NoRefreshToken, RefreshTimeoutError, TerminalError, TriesUsedUp, causeOf };
