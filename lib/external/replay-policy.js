'use strict';

const { bodyNotReplayable } = require('../errors.js');

/** One, because the token was stale when it was sent, and one, because the next token expired on the way to the server. */
const MAX_REPLAYS = 2;

/**
 * Decides whether a request of another HTTP client is sent again after a server has rejected its token. `src/engine/client`
 * decides the same for the client's own requests. One policy for each request.
 * @typedef {import('./authoriser.js').Stamp} Stamp
 * @typedef {import('./authoriser.js').Sent} Sent
 */
class ReplayPolicy {
  replays = 0;
  #session;
  #to;

  /**
   * @param {{ rejected: (stamp: any, sent: Sent, error?: unknown) => Promise<any>, replay?: boolean }} session
   *   `replay: false`: a rejection rotates, and is for the caller
   * @param {string} to  the request's method, a space and its URL
   */
  constructor(session, to) {
    this.#session = session;
    this.#to = to;
  }

  /** The latest sending. @returns {Sent} */
  get sent() {
    return { to: this.#to, replayed: this.replays > 0 };
  }

  /** True if a rejection is for the caller in any case. */
  get isOver() {
    return this.replays === MAX_REPLAYS;
  }

  /**
   * The server rejected `credential`. Resolves to the credential to send the request again with, or to null if the caller gets the
   * rejection. It resolves to an error where there is another token and the request cannot be sent again.
   * @param {Stamp} credential @param {string | undefined} challenge  the `www-authenticate` of the answer
   * @param {() => boolean} isReplayable  asked about the body, once there is another token
   */
  async next(credential, challenge, isReplayable, error = undefined) {
    if (this.isOver) return null;
    const rotation = this.#session.rejected(credential, { ...this.sent, challenge }, error);
    if (this.#session.replay === false) return rotation.then(toNull, toNull);
    const next = await rotation;
    if (next === null) return null;
    if (!isReplayable()) return bodyNotReplayable();
    // The same token again is no replay: the engine ends that when the token is two seconds old.
    if (next.generation !== credential.generation) this.replays += 1;
    return next;
  }
}

const toNull = () => null;

exports.ReplayPolicy = ReplayPolicy;
