'use strict';

// Errors as they cross from Rust, and the instances that users get of them. Only this file knows the form of the former,
// which `src/binding/values/errors.rs` makes.

const errors = require('../errors.js');
const { recall } = require('./kept-errors.js');

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

/** Error → detail. Not a property, because users would see it. @type {WeakMap<Error, string | null>} */
const details = new WeakMap();

/**
 * @typedef {[code: string, message: string, retryable: boolean, detail: string | null, retryAfter: number | null,
 *   thrown: number]} RawError  `detail` means one thing for each class, `thrown` is a number of `kept-errors.js`
 */

/** @param {unknown} raw  what a promise of the addon rejected with @returns {raw is RawError} */
function isNative(raw) {
  return Array.isArray(raw) && typeof raw[0] === 'string';
}

/** The error that users get. Any value that is no RawError is returned as it is. */
function errorFromNative(raw) {
  return toError(raw, recall);
}

/** The same without the value that user code threw, which may hold tokens: for logs. */
function errorWithoutCause(raw) {
  return toError(raw, () => undefined);
}

function toError(raw, causeOf) {
  if (!isNative(raw)) return raw;
  const [code, message, retryable, detail, retryAfter, thrown] = raw;
  let cause = causeOf(thrown);
  if (code === 'ERR_NETWORK' && detail && cause === undefined) {
    cause = Object.assign(new Error(message), { code: detail });
  }
  const Class = CLASS_OF_CODE.get(code) ?? TokenRotatorError;
  // A class ignores the fields that are not its own.
  const error = new Class(message, { code, retryable, cause, retryAfter, reason: detail, phase: detail });
  details.set(error, detail);
  return error;
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
 * @template T @param {Promise<T>} promise
 */
async function nativeResult(promise) {
  try {
    return await promise;
  } catch (error) {
    throw errorFromNative(error);
  }
}

module.exports = { detailOf, errorFromNative, errorWithoutCause, isAborted, nativeResult };
