'use strict';

// Errors that cross. An error of Rust comes in the form that `src/binding/values/errors.rs` makes; only this file knows it,
// and makes the instance that users get. A value that user code threw never leaves JavaScript: Rust has its number.

const { setImmediate } = require('../clock.js');
const errors = require('../errors.js');
const { Table } = require('./table.js');

const { RefreshError, StoreError, TokenRotatorError } = errors;

const CLASS_OF_CODE = new Map([
  ['ERR_REFRESH_TIMEOUT', errors.RefreshTimeoutError],
  ['ERR_REFRESH_FAILED', RefreshError],
  ['ERR_REFRESH_MALFORMED', RefreshError],
  ['ERR_SESSION_LOST', errors.SessionLostError],
  ['ERR_STORE_UNAVAILABLE', StoreError],
  ['ERR_STORE_CORRUPT', StoreError],
  ['ERR_LOCK_TIMEOUT', StoreError],
  ['ERR_QUEUE_FULL', errors.QueueFullError],
  ['ERR_TIMEOUT', errors.TimeoutError],
  ['ERR_NETWORK', errors.NetworkError],
  ['ERR_HTTP_STATUS', errors.HttpError],
  ['ERR_CLIENT_CLOSED', errors.ClientClosedError],
]);

/** Classes of errors that say something about a session, and not about one request. */
const OF_A_SESSION = [errors.RefreshTimeoutError, RefreshError, errors.SessionLostError, StoreError];

/** From an error to its detail. Not a property, because users would see it. @type {WeakMap<Error, string | null>} */
const details = new WeakMap();

/** Thrown values that errors in Rust name. @type {Table<unknown>} */
const kept = new Table();

/**
 * @import { NativeSession } from './environment.js'
 * @typedef {[code: string, message: string, retryable: boolean, detail: string | null, retryAfter: number | null,
 *   thrown: number, told: Told | null]} RawError  `detail` means one thing for each class; `thrown` is the number of a kept
 *   value, or 0; `told` is what a grant in Rust says of its failure
 * @typedef {[oauthError: string | null, status: number | null, code: string | null]} Told
 */

/** @param {unknown} value @returns {number} */
function keep(value) {
  return kept.add(value);
}

/** Later, because the last error that names the value is on its way: its callers read it in microtasks of this turn. */
function forget(number) {
  setImmediate(() => kept.delete(number));
}

/** @param {unknown} raw  what a promise of the addon rejected with @returns {raw is RawError} */
function isNative(raw) {
  return Array.isArray(raw) && typeof raw[0] === 'string';
}

/**
 * The error that users get. Any value that is no RawError is returned as it is.
 * @param {unknown} raw @param {string | NativeSession} [session]  that the call or the hook is of: its key, or itself
 */
function errorFromNative(raw, session) {
  return toError(raw, (thrown) => kept.get(thrown), session);
}

/** The same without the value that user code threw, which may hold tokens: for logs. */
function errorWithoutCause(raw, session) {
  return toError(raw, () => undefined, session);
}

function toError(raw, causeOf, session) {
  if (!isNative(raw)) return raw;
  const [code, message, retryable, detail, wait, thrown, told] = raw;
  // Rounded up, because a timer drops the fraction, and whoever comes too early meets the pause again.
  const retryAfter = typeof wait === 'number' ? Math.ceil(wait) : wait;
  let cause = told ? causeTold(message, told) : causeOf(thrown);
  if (code === 'ERR_NETWORK' && detail && cause === undefined) {
    cause = Object.assign(new Error(message), { code: detail });
  }
  const Class = CLASS_OF_CODE.get(code) ?? TokenRotatorError;
  // A class ignores the fields that are not its own.
  const error = new Class(message, { code, retryable, cause, retryAfter, reason: detail, phase: detail });
  details.set(error, detail);
  if (session !== undefined && OF_A_SESSION.includes(Class)) nameSession(error, session);
  return error;
}

/** An Error with the fields that programs test. @param {string} message @param {Told} told */
function causeTold(message, [oauthError, status, code]) {
  const fields = Object.entries({ oauthError, status, code }).filter(([, value]) => value !== null);
  return Object.assign(new Error(message), Object.fromEntries(fields));
}

/** Not enumerable, because a session's key may be a person's name, which no log should get by itself. */
function nameSession(error, session) {
  const value = typeof session === 'string' ? session : session.client.key(session.number);
  Object.defineProperty(error, 'session', /** @type {PropertyDescriptor} */ ({ __proto__: null, value }));
}

/** The name of the option that an ERR_INVALID_OPTION is about; 'too_many' of an ERR_REDIRECT. Undefined if unknown. */
function detailOf(error) {
  return details.get(error);
}

/** True if a request or a body ended because JavaScript aborted it. */
function isAborted(raw) {
  return isNative(raw) && raw[0] === 'ERR_ABORTED';
}

/**
 * Waits for a promise of the addon. The `await` is here so that errors get the caller's async stack.
 * @template T @param {Promise<T>} promise @param {NativeSession} session
 */
async function nativeResult(promise, session) {
  try {
    return await promise;
  } catch (error) {
    throw errorFromNative(error, session);
  }
}

module.exports = { detailOf, errorFromNative, errorWithoutCause, forget, isAborted, keep, nativeResult };
