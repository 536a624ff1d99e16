'use strict';

// The four points in which token-refresh and axios-token-rotator differ. Everything else is the same for both.

/** As npm's token-refresh. */
const TOKEN_REFRESH = Object.freeze({
  /** A request's own auth header is 'kept', and its 401 given to the caller; or it is 'replaced' by the token. */
  explicitHeader: 'kept',
  /** A refresh that fails, and may work the next time, 'keeps' the token or 'clears' it. */
  failedRefresh: 'keeps',
  /** The request whose 401 began a rotation is replayed 'first' or 'last' of those that waited. */
  beginner: 'first',
  /** The hook after a rotation is only 'told', or 'awaited' before anything is replayed. Its errors are reported. */
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
