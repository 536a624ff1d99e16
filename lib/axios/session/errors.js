'use strict';

// Why no token could be had, in the words of token-refresh.

const errors = require('../../errors.js');

class RefreshTimeoutError extends errors.RefreshTimeoutError {
  constructor() {
    super('Refresh timeout');
  }
}

/**
 * Ends a session without asking the authorization server; nobody is shown it. `error`: what says so to
 * `refresh-error.js` as well, where there is no predicate of the user's.
 */
class Ended extends Error {
  error = 'invalid_grant';
}

/** Each caller gets their own 401. */
class NoRefreshToken extends Ended {}

/** Each caller gets the 401 that met it. */
class TriesUsedUp extends Ended {}

/** What the program's own function threw, which says more to it; not what was wrong with what it returned. */
function causeOf(error) {
  const { code } = error;
  const isOurs = code === 'ERR_REFRESH_MALFORMED' || code === 'ERR_STORE_CORRUPT';
  return 'cause' in error && !isOurs ? error.cause : error;
}

module.exports = { Ended, NoRefreshToken, RefreshTimeoutError, TriesUsedUp, causeOf };
