'use strict';

// What the entries for other HTTP clients get of a TokenClient, and its users do not: its tokens and its rotation
// without its requests, or its requests without their dress.

const { TokenRotatorError, invalidOption } = require('./errors.js');
const { nativeResult } = require('./crossing/native-errors.js');

let open = () => undefined;

/** `lib/client.js`, which alone can look into a client, says how: { native, callbacks, exchange, headerName, origins }. */
function reveal(look) {
  open = look;
}

/** Of a client of this copy of the package. */
function authoriser(client) {
  return new Authoriser(insideOf(client));
}

/**
 * A client's requests as they are before and after the crossing: `exchange(href, request)`, from what
 * `request-options.js` makes to what `response.js` takes.
 */
function exchangeOf(client) {
  return insideOf(client).exchange;
}

function insideOf(client) {
  const inside = open(client);
  if (inside === undefined) throw invalidOption('client', 'a TokenClient');
  return inside;
}

/**
 * How a request that another HTTP client sends takes part: it asks for what to be sent with, and says how that was
 * received. `{ value, epoch, generation }` is the auth header's value and which token is in it.
 */
class Authoriser {
  #native;
  #callbacks;
  #origins;

  constructor({ native, callbacks, headerName, origins }) {
    this.#native = native;
    this.#callbacks = callbacks;
    this.#origins = origins;
    this.headerName = headerName;
  }

  /** Whether the token may go to `origin`, as `URL` writes it. Throws what a request to it would. */
  trusts(origin) {
    // Rust refuses plain http to anywhere; what is not the client's is none of its business here.
    if (!this.#origins.has(origin)) return false;
    try {
      return this.#native.trusts(origin);
    } catch ({ code, message }) {
      throw new TokenRotatorError(message, { code });
    }
  }

  /** What to send a request with. `epoch`: the login it was made under, if this is not its first sending. */
  async authorise(epoch) {
    this.#callbacks.assertNotInside();
    const made = this.#native.authorise(epoch);
    return authorised(Array.isArray(made) ? made : await nativeResult(made));
  }

  /** The token was rejected: what to send the request with instead, or null if the rejection is its caller's. */
  async rejected({ epoch, generation }) {
    const instead = await nativeResult(this.#native.rejected(epoch, generation));
    return instead === null ? null : authorised(instead);
  }

  /** The token was taken. */
  accepted({ epoch, generation }) {
    this.#native.accepted(epoch, generation);
  }
}

function authorised([value, epoch, generation]) {
  return { value, epoch, generation };
}

module.exports = { authoriser, exchangeOf, reveal };
