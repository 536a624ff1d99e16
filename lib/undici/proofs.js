'use strict';

// The proofs of one request whose token is bound to a key (DPoP, RFC 9449). Each sending has a proof of its own.

/** As `MAX_NONCES` in `src/engine/client/send.rs`. */
const MAX_NONCES = 3;

class Proofs {
  /** @type {import('../external/authoriser.js').Authoriser} */
  #auth;
  #to;
  #nonces = 0;

  /** @param {import('../external/authoriser.js').Authoriser} auth @param {string} to  the request's method, a space and its URL */
  constructor(auth, to) {
    this.#auth = auth;
    this.#to = to;
  }

  /** The header for one sending with this token; undefined if the token needs none. */
  make(credential) {
    // The addon is asked only then, because it would cost each request with another token a microsecond.
    if (!credential.value?.startsWith('DPoP ')) return undefined;
    const proof = this.#auth.prove(credential, this.#to);
    credential.proven = proof?.nonce;
    return proof?.header;
  }

  /** An answer came. Returns false if the server has asked for another nonce too often. */
  heard({ proven }, headers) {
    const nonce = headers?.['dpop-nonce'];
    if (proven === undefined || typeof nonce !== 'string' || nonce === proven) return true;
    this.#auth.heard(this.#to, nonce);
    this.#nonces += 1;
    return this.#nonces <= MAX_NONCES;
  }
}

exports.Proofs = Proofs;
