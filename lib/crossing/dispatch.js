'use strict';

// Hands each call from Rust to the function that it is for.
//
// Clients are found by number and referred to weakly, so that a client which the program dropped can be collected even if
// its callbacks refer to it. While one of its flights is under way, a client is kept.

const { forget } = require('./kept-errors.js');
const { Table } = require('./table.js');
// Here and in `send.js`, at once: both must get the same module, and a test runner may load another copy of it later.
const uploads = require('../body/uploads.js');

/** @import { Callbacks } from '../callbacks/callbacks.js' */

/** @type {import('./table.js').Table<WeakRef<Callbacks>>} */
const clients = new Table();
/** Kept during flights. @type {Map<number, { callbacks: Callbacks | undefined, flights: number }>} */
const kept = new Map();
const collected = new FinalizationRegistry((number) => clients.delete(number));

/** The methods of Callbacks that Rust calls, by the names that `src/binding/callbacks.rs` uses. */
const METHODS = new Set([
  ...['refresh', 'abortRefresh', 'getTokens', 'setTokens', 'format', 'isSessionExpired', 'onBeforeRefresh'],
  ...['onRefreshed', 'onRefreshFailed', 'onPersistFailed', 'logout'],
]);

/** @param {Callbacks} callbacks @returns {number} what Rust calls them by */
function register(callbacks) {
  const number = clients.add(new WeakRef(callbacks));
  collected.register(callbacks, number);
  return number;
}

/**
 * @param {import('../../native').Environment} environment
 * @param {[client: number, name: string, number: number, ...any[]]} call  `number`: to reply to; 0 if nobody waits
 */
function dispatch(environment, [client, name, number, ...args]) {
  if (name === 'forget') return forget(args[0]);
  if (name === 'openUpload') return uploads.open(environment, args[0], args[1]);
  if (name === 'resumeUpload') return uploads.resume(args[0]);
  if (name === 'stopUpload') return uploads.stop(args[0]);
  if (name === 'releaseCallbacks') return releaseCallbacks(client);
  const callbacks = clients.get(client)?.deref();
  if (name === 'keepCallbacks') return keepCallbacks(client, callbacks);
  if (callbacks !== undefined && METHODS.has(name)) return callbacks[name](environment, number, ...args);
  if (number !== 0) environment.replyFailed(number, 'unknown', undefined, 0);
}

function keepCallbacks(client, callbacks) {
  const entry = kept.get(client) ?? { callbacks, flights: 0 };
  entry.flights += 1;
  kept.set(client, entry);
}

function releaseCallbacks(client) {
  const entry = kept.get(client);
  if (entry === undefined) return;
  entry.flights -= 1;
  if (entry.flights === 0) kept.delete(client);
}

module.exports = { dispatch, register };
