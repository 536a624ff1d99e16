'use strict';

// The calls of `token-rotator inspect` into Rust.

const { inspectFile, inspectRedis } = require('./addon.js').addon;

/**
 * JSON, one object for each record. Throws an Error whose text says what is wrong with the store.
 * @param {any} wanted  as `lib/inspect/arguments.js` makes it
 */
function listSessions({ path, allowNetworkFs, redis, sessions, keys }) {
  return redis === undefined
    ? inspectFile(path, allowNetworkFs, keys, sessions)
    : inspectRedis(redis, keys, sessions);
}

module.exports = { listSessions };
