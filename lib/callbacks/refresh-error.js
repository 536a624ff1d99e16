'use strict';

// Judges what a failed refresh means for the refresh token: is it dead, unspent, or perhaps spent? Errors come from any HTTP
// client, so `refresh-evidence.js` looks where the known ones put codes and statuses. Nothing here throws.
//
// Only a refusal of the refresh token itself ends a session. A wrong client secret says nothing about the users' sessions:
// if it counted as a refusal, half a second of it during a deployment would log every user out.

const { OF_THE_GRANT, isOfTheClient, sentence } = require('./oauth-errors.js');
const { evidence, read } = require('./refresh-evidence.js');

/** RFC 6749 §5.2: a 401 with such a challenge answers the client's own `Authorization` header. */
const CLIENT_CHALLENGE = /(?:^|,)\s*(?:basic|digest|negotiate|ntlm)\b/i;

/** There was no connection yet, so no refresh token left the machine. */
const UNSENT = new Set([
  ...['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'ERR_INVALID_URL'],
  ...['ERR_TLS_CERT_ALTNAME_INVALID', 'UND_ERR_CONNECT_TIMEOUT', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ...['SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  ...['UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
]);
const UNSENT_FAMILY = /^(CERT|EAI)_/;

/** The connection broke or time ran out, so the server may have rotated although no answer came. */
const AMBIGUOUS = new Set([
  ...['ECONNABORTED', 'ECONNRESET', 'EPIPE', 'ERR_CANCELED', 'ERR_STREAM_PREMATURE_CLOSE', 'ETIMEDOUT'],
  ...['UND_ERR_ABORTED', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_SOCKET'],
]);
/** SyntaxError: `response.json()` could not read the answer that came. */
const AMBIGUOUS_NAMES = new Set(['AbortError', 'TimeoutError', 'SyntaxError']);

/**
 * If `isTerminal`, the user's function, throws or returns a promise, `onHookError` is told and the default rule decides.
 * @param {unknown} error  that `refresh` threw
 * @param {((error: unknown) => unknown) | undefined} isTerminal
 * @param {(error: unknown, hook: string) => void} [onHookError]
 * @param {string} [body]  of an unread answer: see `unreadAnswer`
 * @returns {{ kind: 'terminal' | 'unspent' | 'ambiguous' | 'unknown', retryAfter: number | null, said: string | undefined }}
 *   retryAfter in ms; `said`: what the server said, for an error's message
 */
function describeRefreshError(error, isTerminal, onHookError, body) {
  const found = evidence(error, body);
  const terminal = verdict(error, isTerminal, onHookError) ?? isDead(found);
  const kind = terminal ? 'terminal' : kindOf(found);
  return { kind, retryAfter: found.retryAfter, said: sentence(found) };
}

/**
 * Without an OAuth error, 400 and 401 count as a refusal of the refresh token: servers that do not speak OAuth answer so, and
 * some that do answer a spent token with an empty 400. A session that waited for a better word would never end.
 */
function isDead({ oauthError, status, challenge }) {
  if (oauthError !== undefined) return OF_THE_GRANT.has(oauthError);
  return (status === 400 || status === 401) && !CLIENT_CHALLENGE.test(challenge);
}

function kindOf({ oauthError, status, challenge, faults }) {
  if (status >= 500 || status === 429 || isOfTheClient(oauthError)) return 'unspent';
  if (oauthError === undefined && status === 401 && CLIENT_CHALLENGE.test(challenge)) return 'unspent';
  return kindOfFaults(faults);
}

function kindOfFaults(faults) {
  const unsent = faults.filter(isUnsent);
  // If one of several attempts may have been sent, the token may be spent.
  if (faults.some((fault) => isAmbiguous(fault) && !isEchoed(fault, unsent))) return 'ambiguous';
  return unsent.length > 0 ? 'unspent' : 'unknown';
}

/** True if this error of an HTTP client says that no server has seen the request. An error with a status is an answer. */
function wasNeverSent(error) {
  const { status, faults } = evidence(error);
  return status === undefined && kindOfFaults(faults) === 'unspent';
}

/** A wrapper repeats the code of its cause: `ETIMEDOUT` around `connect ETIMEDOUT` does not mean that it was sent. */
function isEchoed({ code, syscall }, faults) {
  return syscall === undefined && code !== undefined && faults.some((fault) => fault.code === code);
}

/** With `syscall: 'connect'`, Node means a failure before the first byte, ETIMEDOUT included. */
function isUnsent({ code, syscall }) {
  return (
    syscall === 'connect' || (typeof code === 'string' && (UNSENT.has(code) || UNSENT_FAMILY.test(code)))
  );
}

function isAmbiguous(fault) {
  if (isUnsent(fault)) return false;
  const { code, name, message } = fault;
  return AMBIGUOUS.has(code) || AMBIGUOUS_NAMES.has(name) || hungUp(message);
}

function hungUp(message) {
  return typeof message === 'string' && message.includes('socket hang up');
}

/** The user's answer; undefined if there is none that counts. */
function verdict(error, isTerminal, onHookError) {
  if (isTerminal === undefined) return undefined;
  try {
    const answer = isTerminal(error);
    if (typeof read(answer, 'then') !== 'function') return Boolean(answer);
    // This promise is not awaited, and its rejection would end the process.
    Promise.resolve(answer).catch(() => {});
    report(onHookError, new TypeError('isRefreshFailureTerminal must return a boolean, not a promise'));
  } catch (thrown) {
    report(onHookError, thrown);
  }
  return undefined;
}

function report(onHookError, error) {
  try {
    onHookError?.(error, 'isRefreshFailureTerminal');
  } catch {
    // An error of the reporter itself cannot be reported.
  }
}

module.exports = { describeRefreshError, wasNeverSent };
