'use strict';

// Auth headers that requests bring. A placeholder gives way to the token. Any other is foreign: the client adds no token, and
// rotates nothing for the request.

const { PLACEHOLDER } = require('./crossing/addon.js').addon;

/** True if an auth header with this value, or these values, gives way to the token. Rust asks the same of the requests that it sends. */
function isPlaceholder(value) {
  if (Array.isArray(value)) return value.every(isPlaceholder);
  return typeof value === 'string' && value.includes(PLACEHOLDER);
}

/** One warning for each client with all of its sessions, because an SDK whose key is in the way sends it with every request. */
class ForeignHeader {
  #name;
  /** False: the option says that such headers are meant, or the warning was given. */
  isNews;

  /** @param {string} name  of the auth header @param {'warn' | 'keep'} mode */
  constructor(name, mode) {
    this.#name = name;
    this.isNews = mode === 'warn';
  }

  /** A request was sent with one. The warning does not show its value, which may be a key. */
  tell() {
    if (!this.isNews) return;
    this.isNews = false;
    process.emitWarning(
      `a request brought its own ${this.#name} header and was sent without the client's token; ` +
        'give the SDK PLACEHOLDER of token-rotator as its key, or set header.foreign to keep if the header is meant',
      { code: 'TOKEN_ROTATOR_HEADER' },
    );
  }
}

exports.ForeignHeader = ForeignHeader;
exports.PLACEHOLDER = PLACEHOLDER;
exports.isPlaceholder = isPlaceholder;
