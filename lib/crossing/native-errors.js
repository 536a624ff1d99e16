'use strict';

// Errors as they cross from Rust, and the instances that users get of them. Only this file knows the form of the former,
// which `src/binding/errors.rs` makes.

const errors = require('../errors.js');
const { recall } = require('./kept-errors.js');

const { NetworkError, RefreshError, StoreError, TokenRotatorError } = errors;

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
  ['ERR_NETWORK', NetworkError],
  ['ERR_HTTP_STATUS', errors.HttpError],
  ['ERR_CLIENT_CLOSED', errors.ClientClosedError],
]);

/** Error → detail. Not a property, because users would see it. */
const details = new WeakMap();

/** `detail` means one thing for each class. `thrown` is the number of what user code threw; see `kept-errors.js`. */
function readNativeError(raw) {
  if (!Array.isArray(raw) || typeof raw[0] !== 'string') return undefined;
  const [code, message, retryable, detail, retryAfter, thrown] = raw;
  return { code, message, retryable, detail, retryAfter, thrown };
}

/** The error that users get. What is no error of Rust is returned as it is. */
function errorFromNative(raw) {
  const native = readNativeError(raw);
  return native === undefined ? raw : toError(native, recall(native.thrown));
}

/** The same without what user code threw, which may hold tokens: for logs. */
function errorWithoutCause(raw) {
  const native = readNativeError(raw);
  return native === undefined ? raw : toError(native, undefined);
}

function toError({ code, message, retryable, detail, retryAfter }, cause) {
  const Class = CLASS_OF_CODE.get(code) ?? TokenRotatorError;
  if (Class === NetworkError && detail && cause === undefined) {
    cause = Object.assign(new Error(message), { code: detail });
  }
  // A class ignores the fields that are not its own.
  const error = new Class(message, { code, retryable, cause, retryAfter, reason: detail, phase: detail });
  details.set(error, detail);
  return error;
}

/** The name of the option that an ERR_INVALID_OPTION is about; 'too_many' of an ERR_REDIRECT. Undefined if unknown. */
function detailOf(error) {
  return details.get(error);
}

/** Whether a request or a body ended because JavaScript aborted it. */
function isAborted(raw) {
  return readNativeError(raw)?.code === 'ERR_ABORTED';
}

/** Waits for a promise of the addon. The `await` is here so that errors get the caller's async stack. */
async function nativeResult(promise) {
  try {
    return await promise;
  } catch (error) {
    throw errorFromNative(error);
  }
}

module.exports = { detailOf, errorFromNative, errorWithoutCause, isAborted, nativeResult };
