'use strict';

// Errors as axios' own adapter gives them. What axios has no word for keeps the client's code; the client's error is
// the `cause` either way.

const { TokenRotatorError } = require('../../errors.js');
const { own } = require('../own-property.js');
const { Failure } = require('./failure.js');

/** Codes of the client that come of a request that was made, or may have been: axios then sets `request`. */
const OF_REQUESTS = new Set([
  ...['ERR_NETWORK', 'ERR_TIMEOUT', 'ERR_TOO_LARGE', 'ERR_REDIRECT', 'ERR_BODY_FAILED'],
  'ERR_BODY_NOT_REPLAYABLE',
]);

/** `axios`: the copy that the program knows. `sent`: the request. What is neither's error stays what it is. */
function toAxiosError(error, config, sent, axios) {
  const failure = error instanceof TokenRotatorError ? failureOf(error, config) : error;
  if (!(failure instanceof Failure)) return failure;
  const { message, code, response, cause } = failure;
  const request = failure.sent ? sent : undefined;
  const made =
    code === 'ERR_CANCELED'
      ? new axios.CanceledError(message, config, request)
      : new axios.AxiosError(message, code, config, request, response);
  // Not enumerable, as axios has it: what walks an error to print it would print its causes too.
  if (cause !== undefined)
    Object.defineProperty(made, 'cause', {
      __proto__: null,
      value: cause,
      writable: true,
      configurable: true,
    });
  return made;
}

function failureOf(error, config) {
  const { code, message, cause } = error;
  const as = (name, text = message) => new Failure(name, text, { cause: error, sent: OF_REQUESTS.has(code) });
  switch (code) {
    case 'ERR_NETWORK':
      return as(cause?.code ?? code);
    case 'ERR_TIMEOUT':
      return as(
        own(config, 'transitional')?.clarifyTimeoutError ? 'ETIMEDOUT' : 'ECONNABORTED',
        late(config),
      );
    case 'ERR_TOO_LARGE':
      return as('ERR_BAD_RESPONSE');
    case 'ERR_REDIRECT':
      // follow-redirects' words.
      return / redirects more than \d+ times$/.test(message)
        ? as('ERR_FR_TOO_MANY_REDIRECTS', 'Maximum number of redirects exceeded')
        : as('ERR_FR_REDIRECTION_FAILURE');
    case 'ERR_BODY_FAILED':
      return ofData(cause, config) ?? as(code);
    case 'ERR_INVALID_OPTION':
      return /^url /.test(message) ? (ofUrl(config) ?? as('ERR_INVALID_URL')) : as(code);
    default:
      return as(code);
  }
}

function late(config) {
  const timeout = own(config, 'timeout');
  const usual = timeout ? `timeout of ${timeout}ms exceeded` : 'timeout exceeded';
  return own(config, 'timeoutErrorMessage') || usual;
}

/** What the stream that was to be sent failed with. */
function ofData(thrown, config) {
  if (thrown instanceof Failure) return thrown;
  // One that had ended before it was to be opened.
  const data = thrown?.code === 'ERR_INVALID_OPTION' ? own(config, 'data') : undefined;
  const cause = data?.errored ?? thrown;
  if (typeof cause?.message !== 'string') return undefined;
  return cause.code === 'ERR_STREAM_PREMATURE_CLOSE' || (cause === thrown && data?.destroyed === true)
    ? new Failure('ERR_CANCELED', 'Request stream has been aborted', { cause, sent: true })
    : new Failure(cause.code ?? 'ERR_BODY_FAILED', cause.message, { cause, sent: true });
}

function ofUrl(config) {
  const [scheme] = /^[a-z][a-z\d+.-]*:/i.exec(own(config, 'url') ?? '') ?? ['http:'];
  return /^https?:$/i.test(scheme)
    ? undefined
    : new Failure('ERR_BAD_REQUEST', `Unsupported protocol ${scheme}`);
}

module.exports = { toAxiosError };
