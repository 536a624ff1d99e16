'use strict';

// What is thrown inside the adapter before it is known whose AxiosError it has to be: code and message as axios' own
// adapter words them.

class Failure extends Error {
  /** `sent`: it came to the request, so that the error has `request`. */
  constructor(code, message, { cause, response, sent = false } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    Object.assign(this, { code, response, sent });
  }
}

const badOption = (message) => new Failure('ERR_BAD_OPTION_VALUE', message);

const badRequest = (message, options) => new Failure('ERR_BAD_REQUEST', message, options);

function tooLarge(limit) {
  return new Failure('ERR_BAD_RESPONSE', `maxContentLength size of ${limit} exceeded`, { sent: true });
}

module.exports = { Failure, badOption, badRequest, tooLarge };
