'use strict';

// All errors that users get. Messages, `toJSON` and `inspect` show codes and names, never a token.

const { inspect } = require('node:util');

/** Stable across releases, so that programs test `code` and not `message`. */
const ERROR_CODES = Object.freeze([
  ...['ERR_INVALID_OPTION', 'ERR_ORIGIN_NOT_ALLOWED', 'ERR_INSECURE_TRANSPORT', 'ERR_REDIRECT'],
  ...['ERR_REFRESH_TIMEOUT', 'ERR_REFRESH_FAILED', 'ERR_REFRESH_MALFORMED', 'ERR_SESSION_LOST'],
  ...['ERR_REENTRANT_CALL', 'ERR_STORE_UNAVAILABLE', 'ERR_STORE_CORRUPT', 'ERR_LOCK_TIMEOUT'],
  ...['ERR_QUEUE_FULL', 'ERR_TIMEOUT', 'ERR_NETWORK', 'ERR_BODY_NOT_REPLAYABLE', 'ERR_BODY_FAILED'],
  ...['ERR_ADDON_FAILED', 'ERR_ADDON_MISSING', 'ERR_ADDON_UNSUPPORTED', 'ERR_ADDON_VERSION'],
  ...['ERR_REVOKE_FAILED', 'ERR_TOO_LARGE', 'ERR_HTTP_STATUS', 'ERR_CLIENT_CLOSED', 'ERR_INTERNAL'],
]);

/**
 * On each prototype, it holds the names of the class and its ancestors. The symbol is the same in the whole process, so that
 * `instanceof` works between two installed copies, and between a jest realm and its host.
 */
const KIND = Symbol.for('token-rotator.error');

class TokenRotatorError extends Error {
  // Declared, because assigning without it could call a setter on Object.prototype.
  code;
  retryable;
  sessionLost;

  constructor(message, options) {
    // Own properties only, so that no polluted Object.prototype says that a call can be repeated.
    const { code, retryable = false, cause } = Object.assign(Object.create(null), options);
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = retryable;
    this.sessionLost = code === 'ERR_SESSION_LOST';
  }

  static [Symbol.hasInstance](value) {
    // A subclass that a user made has no KIND of its own; for it the ordinary rule holds.
    if (!Object.hasOwn(this.prototype, KIND)) return Function.prototype[Symbol.hasInstance].call(this, value);
    if (typeof value !== 'object' || value === null) return false;
    const kinds = value[KIND];
    return Array.isArray(kinds) && kinds.includes(this.prototype[KIND][0]);
  }

  toJSON() {
    const { name, code, message, retryable, sessionLost } = this;
    return { name, code, message, retryable, sessionLost };
  }

  // The default would print every property of `cause`, where HTTP clients keep headers and bodies.
  [inspect.custom](_depth, options) {
    const { stack, cause, ...fields } = this;
    const text = `${typeof stack === 'string' ? stack : `${this.name}: ${this.message}`} ${inspect(fields, options)}`;
    return Object.hasOwn(this, 'cause') ? `${text}\n[cause]: ${outline(cause)}` : text;
  }
}

/**
 * A class without fields of its own. `usual`: the options of its errors unless their maker gives others.
 * @param {object} usual @param {string} [usualMessage]
 */
function plainClass(usual, usualMessage) {
  return class extends TokenRotatorError {
    /** @param {string} [message] @param {any} [options] */
    constructor(message = usualMessage, options) {
      super(message, { ...usual, ...options });
    }
  };
}

const RefreshTimeoutError = plainClass({ code: 'ERR_REFRESH_TIMEOUT', retryable: true }, 'Refresh timeout');
const StoreError = plainClass({ code: 'ERR_STORE_UNAVAILABLE' });
const QueueFullError = plainClass({ code: 'ERR_QUEUE_FULL', retryable: true });
const NetworkError = plainClass({ code: 'ERR_NETWORK' });
const ClientClosedError = plainClass({ code: 'ERR_CLIENT_CLOSED' });

class RefreshError extends TokenRotatorError {
  constructor(message, options) {
    super(message, { code: 'ERR_REFRESH_FAILED', ...options });
    if (typeof options?.retryAfter === 'number') this.retryAfter = options.retryAfter;
  }
}

class SessionLostError extends TokenRotatorError {
  reason;

  constructor(message, options) {
    super(message, { code: 'ERR_SESSION_LOST', ...options });
    this.reason = options?.reason ?? 'rejected';
  }
}

class TimeoutError extends TokenRotatorError {
  phase;

  constructor(message, options) {
    super(message, { code: 'ERR_TIMEOUT', ...options });
    this.phase = options?.phase ?? 'response';
  }
}

class HttpError extends TokenRotatorError {
  constructor(message, options) {
    super(message, { code: 'ERR_HTTP_STATUS', ...options });
    // Not enumerable, because loggers that print all properties would print the body.
    const response = /** @type {PropertyDescriptor} */ ({ __proto__: null, value: options?.response });
    Object.defineProperty(this, 'response', response);
  }
}

const CLASSES = {
  TokenRotatorError,
  RefreshTimeoutError,
  RefreshError,
  SessionLostError,
  StoreError,
  QueueFullError,
  TimeoutError,
  NetworkError,
  HttpError,
  ClientClosedError,
};

// The names are written out in CLASSES, because a minifier changes the name of a class and two copies would differ.
for (const [name, Class] of Object.entries(CLASSES)) {
  const kinds = Class === TokenRotatorError ? [name] : [name, 'TokenRotatorError'];
  Object.defineProperty(Class.prototype, KIND, { value: Object.freeze(kinds) });
  const descriptor = { value: name, writable: true, configurable: true };
  for (const named of [Class, Class.prototype]) Object.defineProperty(named, 'name', descriptor);
}

/** True for errors of requests that were sent, or may have been. */
function isRequestFailure(code) {
  return /^ERR_(NETWORK|TIMEOUT|REDIRECT|BODY_FAILED|BODY_NOT_REPLAYABLE)$/.test(code);
}

/** The message is "NAME must be EXPECTED". Neither may hold the option's value. */
function invalidOption(name, expected, cause) {
  return rejectOption(`${name} must be ${expected}`, cause);
}

/** For a response whose request should have been sent again. */
function bodyNotReplayable() {
  return new TokenRotatorError(
    'the token was rejected and rotated, but the request body is a stream that was used up; pass a function that makes the body, or bytes, to have it sent again',
    { code: 'ERR_BODY_NOT_REPLAYABLE' },
  );
}

function rejectOption(message, cause) {
  return new TokenRotatorError(message, { code: 'ERR_INVALID_OPTION', cause });
}

function outline(cause) {
  try {
    // The frames help to find the throw. Of a thrown value that is no error, only its type is safe to print.
    return typeof cause?.stack === 'string'
      ? cause.stack
      : `a thrown ${cause === null ? 'null' : typeof cause}`;
  } catch {
    return 'a thrown value that cannot be read';
  }
}

module.exports = {
  ...CLASSES,
  ERROR_CODES,
  bodyNotReplayable,
  invalidOption,
  isRequestFailure,
  rejectOption,
};
