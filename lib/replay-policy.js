'use strict';

const { bodyNotReplayable } = require('./errors.js');

/** One, because the token was stale when it was sent, and one, because the next token expired on the way to the server. */
const MAX_REPLAYS = 2;

/**
 * Decides whether a request of another HTTP client is sent again after a server has rejected its token. `src/engine/client`
 * decides the same for the client's own requests. One policy for each request.
 * @typedef {import('./authoriser.js').Stamp} Stamp
 */
class ReplayPolicy {
  replays = 0;
  #session;
  #oneRefresh;
  #refreshed = false;

  /**
   * @param {{ rejected: (stamp: any, error?: unknown) => Promise<any>, isStale: (stamp: Stamp) => boolean, replay?: boolean }} session
   *   `replay: false`: a rejection rotates, and is for the caller
   * @param {boolean} [oneRefresh]  a request that a refresh did not help begins no other
   */
  constructor(session, oneRefresh = false) {
    this.#session = session;
    this.#oneRefresh = oneRefresh;
  }

  /** True if a rejection of this credential is for the caller in any case. @param {Stamp} credential */
  isOver(credential) {
    if (this.replays === MAX_REPLAYS) return true;
    return this.#oneRefresh && this.#refreshed && !this.#session.isStale(credential);
  }

  /**
   * The server rejected `credential`. Resolves to the credential to send the request again with; to null if the rejection is for the
   * caller; or to an error that says why the caller gets it though there is another token.
   * @param {Stamp} credential @param {() => boolean} isReplayable  asked about the body, once there is another token
   */
  async next(credential, isReplayable, error = undefined) {
    if (this.isOver(credential)) return null;
    const rotation = this.#session.rejected(credential, error);
    if (this.#session.replay === false) return rotation.then(toNull, toNull);
    const next = await rotation;
    if (next === null) return null;
    if (!isReplayable()) return bodyNotReplayable();
    this.replays += 1;
    this.#refreshed ||= next.refreshed;
    return next;
  }
}

const toNull = () => null;

exports.ReplayPolicy = ReplayPolicy;
