'use strict';

// Instances with the same storage share a session, because two refreshes of one refresh token would end it. A storage is the
// same if `getTokens` and `setTokens` are the same functions.

const { randomUUID } = require('node:crypto');

/** The number of used refresh tokens that are recognised, which is far more than a storage is behind. */
const REMEMBERED = 256;

/** getTokens → setTokens → the storage. @type {WeakMap<Function, WeakMap<Function, SharedStorage>>} */
const storages = new WeakMap();

class SharedStorage {
  /** The engine's name for the session. It counts for the whole process, other threads and copies of this module included. */
  name = '';
  /** There was ever another user of the session. */
  isShared = false;
  /** The tokens that the last refresh has brought, whichever instance made it; none after a loss or a login. @type {any} */
  newest;
  /** Oldest first. @type {Set<string>} */
  #spent = new Set();
  #users = 0;

  /** @param {Function} getTokens @param {Function} setTokens */
  static of(getTokens, setTokens) {
    const byWriter = storages.get(getTokens) ?? new WeakMap();
    storages.set(getTokens, byWriter);
    const storage = byWriter.get(setTokens) ?? new SharedStorage();
    byWriter.set(setTokens, storage);
    return storage;
  }

  /** A refresh has brought `tokens` for `refreshToken`. */
  renewed(tokens, refreshToken) {
    this.newest = tokens;
    if (tokens.refreshToken !== refreshToken) this.#spent.add(refreshToken);
    if (this.#spent.size > REMEMBERED) this.#spent.delete([...this.#spent][0]);
  }

  /**
   * The tokens to use if the storage shows `stored`. If its refresh token was used already, these are the newest tokens, because a
   * server ends the session when a used one comes again.
   */
  instead(stored) {
    return (this.#spent.has(stored?.refreshToken) && this.newest) || stored;
  }

  /** An instance begins to use the session. After the last use, the next one reads the storage anew. */
  enter() {
    if (this.#users === 0) Object.assign(this, { name: randomUUID(), isShared: false });
    else this.isShared = true;
    this.#users += 1;
  }

  /** The session is in use until `leave`, if only by a write: an instance that enters meanwhile joins it. */
  hold() {
    this.#users += 1;
  }

  leave() {
    this.#users -= 1;
  }
}

exports.SharedStorage = SharedStorage;
