'use strict';

// Instances with the same storage share a session, because two refreshes of one refresh token would end it. A storage is the
// same if `getTokens` and `setTokens` are the same functions.

const { randomUUID } = require('node:crypto');

/** getTokens → setTokens → the session, while an instance uses it. */
const shares = new WeakMap();

/** { name, isShared, leave }: the engine's name for the session; whether there ever was another user; ends the use. */
function share(getTokens, setTokens) {
  const byWriter = shares.get(getTokens) ?? new WeakMap();
  shares.set(getTokens, byWriter);
  // The engine's names count for the whole process, other threads and other copies of this module included.
  const shared = byWriter.get(setTokens) ?? new SharedSession(() => byWriter.delete(setTokens));
  byWriter.set(setTokens, shared);
  shared.join();
  return shared;
}

class SharedSession {
  name = randomUUID();
  isShared = false;
  #users = 0;
  #onUnused;

  constructor(onUnused) {
    this.#onUnused = onUnused;
  }

  join() {
    this.#users += 1;
    this.isShared ||= this.#users > 1;
  }

  /** A later user gets a session that reads the storage anew. */
  leave = () => {
    this.#users -= 1;
    if (this.#users === 0) this.#onUnused();
  };
}

module.exports = { share };
