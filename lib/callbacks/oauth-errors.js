'use strict';

// The error codes of token endpoints (RFC 6749 §5.2, RFC 8707, RFC 9449, OpenID Connect), and what each says: is it about the
// grant, that is, the refresh token, or about the program that asks?

/** The refresh token is refused, so that another refresh would fail too. All but the first are servers' own words. */
const OF_THE_GRANT = new Set([
  ...['invalid_grant', 'bad_refresh_token', 'invalid_refresh_token', 'expired_refresh_token'],
  ...[
    'refresh_token_expired',
    'refresh_token_revoked',
    'refresh_token_not_found',
    'refresh_token_already_used',
  ],
  ...['expired_token', 'token_expired', 'invalid_token', 'token_revoked', 'invalid_code'],
]);

/** The setting to look at, for errors that no login mends. A server that answers with one of them has spent nothing. */
const ADVICE = {
  __proto__: null,
  invalid_client: 'look at the client id and the client secret that refresh sends',
  unauthorized_client: 'look at the client id, and at the grant types that the server allows this client',
  unsupported_grant_type: 'look at the grant_type that refresh sends, and at the URL of the token endpoint',
  invalid_request: 'look at the parameters that refresh sends',
  invalid_scope: 'look at the scope that refresh asks for',
  invalid_target: 'look at the resource or audience that refresh asks for',
  invalid_dpop_proof: 'look at the DPoP proof that refresh sends',
  use_dpop_nonce: 'look at the DPoP proof that refresh sends, which lacks the nonce of the server',
  access_denied: 'look at the rules of the authorization server for this client and user',
  login_required: 'the user has to log in again: call setTokens then',
  consent_required: 'the user has to agree again: call setTokens then',
  interaction_required: 'the user has to log in again: call setTokens then',
};

/** The same for statuses without an OAuth error. */
const ADVICE_ON_STATUS = {
  __proto__: null,
  401: 'look at the client id and the client secret that refresh sends',
  403: 'look at what the server, or a gateway before it, allows this client',
  404: 'look at the URL of the token endpoint',
  405: 'look at the URL and the method of the token request',
  415: 'look at the content type of the token request',
};

/** Registered codes that say nothing of what to do. */
const OTHERS = ['authorization_pending', 'server_error', 'slow_down', 'temporarily_unavailable'];

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
  if (OF_THE_GRANT.has(code) || code in ADVICE || OTHERS.includes(code)) return code;
  return OF_THE_CLIENT.test(code.toLowerCase()) ? 'invalid_client' : undefined;
}

/** True for errors about the program's own credentials. */
function isOfTheClient(code) {
  return code === 'invalid_client' || code === 'unauthorized_client';
}

/** A sentence for an error's message: what the server said, and which setting to look at. Undefined if it said nothing. */
function sentence({ oauthError, status }) {
  const name = oauthError ?? (status >= 400 ? `HTTP ${status}` : undefined);
  const advice = oauthError === undefined ? ADVICE_ON_STATUS[status] : ADVICE[oauthError];
  return advice === undefined ? name : `${name}: ${advice}`;
}

module.exports = { OF_THE_GRANT, isOfTheClient, listed, sentence };
