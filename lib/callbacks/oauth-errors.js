'use strict';

// The error codes of token endpoints (RFC 6749 §5.2, RFC 8707, RFC 9449, OpenID Connect), and what each says: is it about the
// grant, that is, the refresh token, or about the program that asks?
//
// oauth-errors.json has the codes. `src/engine/grant/oauth/refusal.rs` reads the same file, so that a grant in Rust and a
// `refresh` function judge an error alike.

const TABLE = require('./oauth-errors.json');

/** The refresh token is refused, so that another refresh would fail too. All but the first are servers' own words. */
const OF_THE_GRANT = new Set(TABLE.ofTheGrant);

/** The setting to look at, for errors that no login mends. A server that answers with one of them has spent nothing. */
const ADVICE = new Map(Object.entries(TABLE.advice));

/** The same for statuses without an OAuth error. */
const ADVICE_ON_STATUS = new Map(Object.entries(TABLE.adviceOnStatus));

/** The program's own credentials are refused, as for `invalid_client`: GitHub, Slack and others have their own words. */
const OF_THE_CLIENT = /^(?=.*_)[a-z_]{0,32}client[a-z_]{0,32}$/;

/** Longer than any code, with white space around it. */
const MAX_LENGTH = 128;

/**
 * The code as this file lists it; undefined for anything else, such as an API's "Unauthorized": there the status decides.
 * Because only listed codes are returned, an error may show them.
 */
function listed(text) {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return undefined;
  const code = text.trim();
  if (OF_THE_GRANT.has(code) || ADVICE.has(code) || TABLE.silent.includes(code)) return code;
  return OF_THE_CLIENT.test(code.toLowerCase()) ? 'invalid_client' : undefined;
}

/** True for errors about the program's own credentials. */
function isOfTheClient(code) {
  return code === 'invalid_client' || code === 'unauthorized_client';
}

/** A sentence for an error's message: what the server said, and which setting to look at. Undefined if it said nothing. */
function sentence({ oauthError, status }) {
  const name = oauthError ?? (status >= 400 ? `HTTP ${status}` : undefined);
  const advice = oauthError === undefined ? ADVICE_ON_STATUS.get(String(status)) : ADVICE.get(oauthError);
  return advice === undefined ? name : `${name}: ${advice.refresh}`;
}

module.exports = { OF_THE_GRANT, isOfTheClient, listed, sentence };
