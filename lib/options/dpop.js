'use strict';

// DPoP (RFC 9449) binds tokens to a private key, which is as secret as they are and saved beside them. Refuses what would show or
// lose that key.

const { rejectOption } = require('../errors.js');

/** @param {{ store?: any, getTokens?: unknown, setTokens?: unknown, header?: any }} options  the client's own, which were checked */
function checkDpop({ store, getTokens, setTokens, header = {} }) {
  if (getTokens !== undefined || setTokens !== undefined) {
    throw rejectOption(
      'grant.dpop excludes getTokens and setTokens, because the key must not enter JavaScript: use store with store.key, or keep the tokens in memory',
    );
  }
  if (store !== undefined && store.type !== 'memory' && store.key === undefined) {
    throw rejectOption(
      'grant.dpop needs store.key, because the private key of the tokens is saved with them: set store.key to 32 random bytes',
    );
  }
  if (header.format !== undefined) {
    throw rejectOption('grant.dpop excludes header.format, because servers read a proof only beside `DPoP`');
  }
  if (header.name !== undefined && header.name.toLowerCase() !== 'authorization') {
    throw rejectOption(
      'grant.dpop excludes another header.name than authorization (RFC 9449 §7.1): drop header.name',
    );
  }
}

exports.checkDpop = checkDpop;
