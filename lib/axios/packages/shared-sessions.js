'use strict';

// Instances that keep their tokens in one storage have one session: two refreshes of one refresh token would end it. That
// it is one storage shows by the functions that read and write it being the same.

const { randomUUID } = require('node:crypto');

/** getTokens → setTokens → { name, users }, while anybody uses it. */
const shares = new WeakMap();

/** { name, leave }: the engine's name for the session, and the function to call when it is not used any more. */
function share(getTokens, setTokens) {
  const byWriter = shares.get(getTokens) ?? new WeakMap();
  shares.set(getTokens, byWriter);
  const shared = byWriter.get(setTokens) ?? { name: randomUUID(), users: 0 };
  byWriter.set(setTokens, shared);
  shared.users += 1;
  return {
    // The engine's names are the whole process's, other threads and other copies of this module included.
    name: shared.name,
    leave() {
      shared.users -= 1;
      // Whoever comes later finds out anew what the storage holds.
      if (shared.users === 0) byWriter.delete(setTokens);
    },
  };
}

module.exports = { share };
