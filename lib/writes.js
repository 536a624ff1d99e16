'use strict';

// Calls of `setTokens` that overlap. Rust makes one at a time, but gives up on one that takes longer than
// `refreshTimeout` and makes the next. If the older ends after the newer, older tokens have the last word in the store.

class Writes {
  /** session → { pending, newest }, while any is under way. */
  #sessions = new Map();

  /**
   * A write of `tokens` begins (the addon's array, or null). The function returned is to be called when it has ended, and returns what the store should
   * hold then: `tokens`, or the newer ones that must be written again.
   */
  begin(session, tokens) {
    const writes = this.#sessions.get(session) ?? { pending: 0, newest: undefined };
    writes.pending += 1;
    writes.newest = tokens;
    this.#sessions.set(session, writes);
    return () => {
      writes.pending -= 1;
      if (writes.pending > 0) return tokens; // Whatever is still under way ends later.
      this.#sessions.delete(session);
      return same(tokens, writes.newest) ? tokens : writes.newest;
    };
  }
}

/** A write that is repeated brings the same tokens in another array. */
function same(one, other) {
  return one?.[0] === other?.[0] && one?.[1] === other?.[1];
}

module.exports = { Writes };
