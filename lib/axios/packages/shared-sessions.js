'use strict';

// Instances with the same storage share a session, because two refreshes of one refresh token would end it. A storage is the
// same if `getTokens` and `setTokens` are the same functions.

const { randomUUID } = require('node:crypto');

/**
 * A session while an instance uses it: the engine's name for it, and whether there ever was another user.
 * @typedef {{ name: string, isShared: boolean, users: number }} Share
 */

/** getTokens → setTokens → the session. @type {WeakMap<Function, WeakMap<Function, Share>>} */
const shares = new WeakMap();

/** @param {Function} getTokens @param {Function} setTokens @returns {Share} */
function share(getTokens, setTokens) {
  const byWriter = shares.get(getTokens) ?? new WeakMap();
  shares.set(getTokens, byWriter);
  // The engine's names count for the whole process, other threads and other copies of this module included.
  const shared = byWriter.get(setTokens) ?? { name: randomUUID(), isShared: false, users: 0 };
  byWriter.set(setTokens, shared);
  shared.users += 1;
  shared.isShared ||= shared.users > 1;
  return shared;
}

/** A use ends. After the last one, a later user gets a session that reads the storage anew. */
function leave(getTokens, setTokens) {
  const shared = shares.get(getTokens)?.get(setTokens);
  if (shared && (shared.users -= 1) === 0) shares.get(getTokens)?.delete(setTokens);
}

module.exports = { leave, share };
