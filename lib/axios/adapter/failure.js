'use strict';

// Errors inside the adapter, with code and message as in axios' own adapter. `errors.js` makes an AxiosError of them, once it
// knows of which copy of axios.

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
}

const badOption = (message) => new Failure('ERR_BAD_OPTION_VALUE', message);

/** @param {string} message @param {{ cause?: any }} [options] */
const badRequest = (message, options) => new Failure('ERR_BAD_REQUEST', message, options);

function tooLarge(limit) {
  return new Failure('ERR_BAD_RESPONSE', `maxContentLength size of ${limit} exceeded`, { sent: true });
}

module.exports = { Failure, badOption, badRequest, tooLarge };
