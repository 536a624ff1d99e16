'use strict';

// Errors with code and message as in axios' own adapter, until it is known which copy of axios their request came from.

const { own } = require('../options/check.js');

class Failure extends Error {
  /**
   * @param {string | undefined} code @param {string} message
   * @param {{ cause?: any, response?: any, sent?: boolean }} [more]  `sent`: there was a request, so the error has `request`
   */
  constructor(code, message, { cause, response, sent = false } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.response = response;
    this.sent = sent;
  }

  /** The error of the copy `axios`. */
  toAxiosError(axios, config, sent) {
    const { message, code, response, cause } = this;
    const request = this.sent ? sent : undefined;
    const made =
      code === 'ERR_CANCELED'
        ? new axios.CanceledError(message, config, request)
        : new axios.AxiosError(message, code, config, request, response);
    return cause === undefined ? made : withCause(made, cause);
  }
}

/** @param {string} message */
const badOption = (message) => new Failure('ERR_BAD_OPTION_VALUE', message);

/** @param {string} message @param {{ cause?: any }} [options] */
const badRequest = (message, options) => new Failure('ERR_BAD_REQUEST', message, options);

/** @param {unknown} [cause] */
function timedOut(config, cause) {
  const timeout = own(config, 'timeout');
  const usual = timeout ? `timeout of ${timeout}ms exceeded` : 'timeout exceeded';
  const code = own(config, 'transitional')?.clarifyTimeoutError ? 'ETIMEDOUT' : 'ECONNABORTED';
  return new Failure(code, own(config, 'timeoutErrorMessage') || usual, { cause, sent: true });
}

/** Not enumerable, as in axios, so that a logger which walks an error does not print its causes. */
function withCause(error, value) {
  const cause = { __proto__: null, value, writable: true, configurable: true };
  return Object.defineProperty(error, 'cause', /** @type {PropertyDescriptor} */ (cause));
}

exports.Failure = Failure;
exports.badOption = badOption;
exports.badRequest = badRequest;
exports.timedOut = timedOut;
exports.withCause = withCause;
