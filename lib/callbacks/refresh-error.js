'use strict';

// What a failed refresh means for the refresh token: is it dead, unspent, or perhaps spent? Errors come from any HTTP
// client, so the evidence is looked for where the known ones put it. Never throws, whatever was thrown at it.

const { evidence, read } = require('./refresh-evidence.js');

/** RFC 6749 §5.2: the grant or the client is refused, and asking again will not help. */
const DEAD = new Set(['invalid_grant', 'invalid_client', 'unauthorized_client']);

/** The connection never stood, so no refresh token left the machine. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ERR_INVALID_URL',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'UND_ERR_CONNECT_TIMEOUT',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const UNSENT_FAMILY = /^(CERT|EAI)_/;

/** The connection broke or time ran out: the server may have rotated without our hearing of it. */
const AMBIGUOUS = new Set([
  'ECONNABORTED',
  'ECONNRESET',
  'EPIPE',
  'ERR_CANCELED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
  'UND_ERR_ABORTED',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
]);
/** SyntaxError: `response.json()` of an answer that came, and could not be read. */
const AMBIGUOUS_NAMES = new Set(['AbortError', 'TimeoutError', 'SyntaxError']);

/**
 * { kind: 'terminal' | 'unspent' | 'ambiguous' | 'unknown', retryAfter: ms | null }. `isTerminal` is the user's
 * predicate; one that throws or answers with a promise is reported to `onHookError` and the default rule decides.
 */
function describeRefreshError(error, isTerminal, onHookError) {
  const found = evidence(error);
  const terminal = verdict(error, isTerminal, onHookError) ?? isDead(found);
  return { kind: terminal ? 'terminal' : kindOf(found), retryAfter: found.retryAfter };
}

function isDead({ oauthError, status }) {
  return oauthError === undefined ? status === 400 || status === 401 : DEAD.has(oauthError);
}

function kindOf({ status, faults }) {
  if (status >= 500 || status === 429) return 'unspent';
  const unsent = faults.filter(isUnsent);
  // Of several attempts, one that may have been sent outweighs those that were not.
  if (faults.some((fault) => isAmbiguous(fault) && !isEchoed(fault, unsent))) return 'ambiguous';
  return unsent.length > 0 ? 'unspent' : 'unknown';
}

/** A wrapper repeats the code of what it wraps: `ETIMEDOUT` around `connect ETIMEDOUT` adds no doubt. */
function isEchoed({ code, syscall }, faults) {
  return syscall === undefined && code !== undefined && faults.some((fault) => fault.code === code);
}

/** `syscall: 'connect'` is Node's word for a failure before the first byte, ETIMEDOUT included. */
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

/** The user's answer, or undefined for none that counts. */
function verdict(error, isTerminal, onHookError) {
  if (isTerminal === undefined) return undefined;
  try {
    const answer = isTerminal(error);
    if (typeof read(answer, 'then') !== 'function') return Boolean(answer);
    // Nobody else will look at this promise; unobserved, its rejection would end the process.
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
    // A reporter that fails has nobody to be reported to.
  }
}

module.exports = { describeRefreshError };
