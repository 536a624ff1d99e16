'use strict';

// Every error a caller can meet. Messages, `toJSON` and `inspect` carry codes and names, never a token.

const { inspect } = require('node:util');

/** Stable across releases; `code`, not `message`, is what programs should test. */
const ERROR_CODES = Object.freeze([
  'ERR_INVALID_OPTION',
  'ERR_ORIGIN_NOT_ALLOWED',
  'ERR_INSECURE_TRANSPORT',
  'ERR_REDIRECT',
  'ERR_REFRESH_TIMEOUT',
  'ERR_REFRESH_FAILED',
  'ERR_REFRESH_MALFORMED',
  'ERR_SESSION_LOST',
  'ERR_REENTRANT_CALL',
  'ERR_STORE_UNAVAILABLE',
  'ERR_STORE_CORRUPT',
  'ERR_LOCK_TIMEOUT',
  'ERR_QUEUE_FULL',
  'ERR_TIMEOUT',
  'ERR_NETWORK',
  'ERR_BODY_NOT_REPLAYABLE',
  'ERR_BODY_FAILED',
  'ERR_TOO_LARGE',
  'ERR_HTTP_STATUS',
  'ERR_CLIENT_CLOSED',
  'ERR_INTERNAL',
]);

// On each prototype: the class and its ancestors by name. A registered symbol is one for the whole process,
// so `instanceof` holds between two installed copies and between a jest realm and its host.
const KIND = Symbol.for('token-rotator.error');

class TokenRotatorError extends Error {
  // Declared, so that assigning to them meets no setter that was put on every object.
  code;
  retryable;
  sessionLost;

  constructor(message, options) {
    // Own properties only, as everywhere: no polluted prototype may say that a call can be repeated.
    const { code, retryable = false, cause } = Object.assign(Object.create(null), options);
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = retryable;
    this.sessionLost = code === 'ERR_SESSION_LOST';
  }

  static [Symbol.hasInstance](value) {
    // A user's own subclass has no KIND of its own: the ordinary rule serves it.
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

class RefreshTimeoutError extends TokenRotatorError {
  constructor(message, options) {
    super(message, { code: 'ERR_REFRESH_TIMEOUT', retryable: true, ...options });
  }
}

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

class StoreError extends TokenRotatorError {
  constructor(message, options) {
    super(message, { code: 'ERR_STORE_UNAVAILABLE', ...options });
  }
}

class QueueFullError extends TokenRotatorError {
  constructor(message, options) {
    super(message, { code: 'ERR_QUEUE_FULL', retryable: true, ...options });
  }
}

class TimeoutError extends TokenRotatorError {
  phase;

  constructor(message, options) {
    super(message, { code: 'ERR_TIMEOUT', ...options });
    this.phase = options?.phase ?? 'response';
  }
}

class NetworkError extends TokenRotatorError {
  constructor(message, options) {
    super(message, { code: 'ERR_NETWORK', ...options });
  }
}

class HttpError extends TokenRotatorError {
  constructor(message, options) {
    super(message, { code: 'ERR_HTTP_STATUS', ...options });
    // Not enumerable: loggers that walk errors would print the body.
    Object.defineProperty(this, 'response', { __proto__: null, value: options?.response });
  }
}

class ClientClosedError extends TokenRotatorError {
  constructor(message, options) {
    super(message, { code: 'ERR_CLIENT_CLOSED', ...options });
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

// Names are written out rather than read from the class, so a minifier cannot part two copies.
for (const [name, Class] of Object.entries(CLASSES)) {
  const kinds = Class === TokenRotatorError ? [name] : [name, 'TokenRotatorError'];
  Object.defineProperty(Class.prototype, KIND, { value: Object.freeze(kinds) });
  Object.defineProperty(Class.prototype, 'name', { value: name, writable: true, configurable: true });
}

const REQUEST_FAILURES = new Set([
  ...['ERR_NETWORK', 'ERR_TIMEOUT', 'ERR_REDIRECT', 'ERR_BODY_FAILED'],
  'ERR_BODY_NOT_REPLAYABLE',
]);

/** Whether an error of this code is about a request that was sent, or may have been. */
function isRequestFailure(code) {
  return REQUEST_FAILURES.has(code);
}

/** `expected` completes "NAME must be …". Neither may hold the option's value. */
function invalidOption(name, expected, cause) {
  return rejectOption(`${name} must be ${expected}`, cause);
}

/** For an option the contract has and this version does not. */
function unavailable(name) {
  return rejectOption(`${name} is not available in this version`);
}

/** What a response bears that should have been replayed. */
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
    // Frames help to find the throw; for a thrown non-error its type is all that is safe to print.
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
  unavailable,
};
