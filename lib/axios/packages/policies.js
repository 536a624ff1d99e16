'use strict';

// Where the two packages that this entry stands in for disagree. All else is one core.

/** As npm's token-refresh. */
const TOKEN_REFRESH = Object.freeze({
  /** What a request's own auth header is: 'kept', and its 401 its caller's, or 'replaced' by the token. */
  explicitHeader: 'kept',
  /** What a refresh that failed and may work the next time does to the token: 'keeps' or 'clears' it. */
  failedRefresh: 'keeps',
  /** When the request whose 401 began a rotation is replayed: 'first' or 'last' of those that waited for it. */
  beginner: 'first',
  /** Whether the hook after a rotation is only 'told', or 'awaited' before anything is replayed. Its errors are reported. */
  hookAfter: 'told',
});

/** As axios-token-rotator. */
const TOKEN_ROTATOR = Object.freeze({
  explicitHeader: 'replaced',
  failedRefresh: 'clears',
  beginner: 'last',
  hookAfter: 'awaited',
});

module.exports = { TOKEN_REFRESH, TOKEN_ROTATOR };
