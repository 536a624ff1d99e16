'use strict';

// Calls of `setTokens` that overlap. Rust makes one at a time, but gives up on one that takes longer than
// `refreshTimeout` and makes the next. If the older ends after the newer, older tokens have the last word in the store.

/** session → { pending, newest }, while any is under way; of all clients that share sessions. */
const shared = new Map();

class Writes {
  #sessions;
  #share;

  /** `share`: the option. What another client of that name writes is newer or older all the same. */
  constructor(share) {
    this.#share = share;
    this.#sessions = share === undefined ? new Map() : shared;
  }

  /**
   * A write of `tokens` begins (the addon's array, or null). The function returned is to be called when it has ended, and
   * returns what must be written again: the newest tokens if they are others, or with `failed` in any case. Undefined: nothing.
   */
  begin(session, tokens) {
    const key = JSON.stringify([this.#share, session]);
    const writes = this.#sessions.get(key) ?? { pending: 0, newest: undefined };
    writes.pending += 1;
    writes.newest = tokens;
    this.#sessions.set(key, writes);
    return (failed = false) => {
      writes.pending -= 1;
      if (writes.pending > 0) return undefined; // Whatever is still under way ends later.
      this.#sessions.delete(key);
      return !failed && same(tokens, writes.newest) ? undefined : writes.newest;
    };
  }
}

/** A write that is repeated brings the same tokens in another array. */
function same(one, other) {
  return one?.[0] === other?.[0] && one?.[1] === other?.[1];
}

module.exports = { Writes };
