'use strict';

// Errors in the form of axios' own adapter. An error that axios has no code for keeps the client's code. The `cause` is
// always the client's error.

const { detailOf } = require('../../crossing/native-errors.js');
const { TokenRotatorError, isRequestFailure } = require('../../errors.js');
const { own } = require('../../options/check.js');
const { Failure, timedOut } = require('../failure.js');

/** `axios` is the program's copy, `sent` the request. Errors of neither axios nor the client are returned as they are. */
function toAxiosError(error, config, sent, axios) {
  const failure = error instanceof TokenRotatorError ? failureOf(error, config) : error;
  return failure instanceof Failure ? failure.toAxiosError(axios, config, sent) : failure;
}

function failureOf(error, config) {
  const { code, message, cause } = error;
  // axios sets `request` if the request was made, or may have been.
  const sent = isRequestFailure(code) || code === 'ERR_TOO_LARGE';
  const as = (name, text = message) => new Failure(name, text, { cause: error, sent });
  switch (code) {
    case 'ERR_NETWORK':
      return as(cause?.code ?? code);
    case 'ERR_TIMEOUT':
      return timedOut(config, error);
    case 'ERR_TOO_LARGE':
      return as('ERR_BAD_RESPONSE');
    case 'ERR_REDIRECT':
      // The text is follow-redirects' own.
      return detailOf(error) === 'too_many'
        ? as('ERR_FR_TOO_MANY_REDIRECTS', 'Maximum number of redirects exceeded')
        : as('ERR_FR_REDIRECTION_FAILURE');
    case 'ERR_BODY_FAILED':
      return ofData(cause, config) ?? as(code);
    case 'ERR_INVALID_OPTION':
      return detailOf(error) === 'url' ? (ofUrl(config) ?? as('ERR_INVALID_URL')) : as(code);
    default:
      return as(code);
  }
}

/** The error for a request body that failed with `thrown`. */
function ofData(thrown, config) {
  if (thrown instanceof Failure) return thrown;
  // The stream had ended before it was opened.
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
