'use strict';

// Hands each call from Rust to the function that it is for.
//
// Clients are found by number and referred to weakly, so that a client which the program dropped can be collected even if
// its callbacks refer to it. While one of its flights is under way, a client is kept.

const { forget } = require('./kept-errors.js');
const { Table } = require('./table.js');
// Here and in `send.js`, at once: both must get the same module, and a test runner may load another copy of it later.
const uploads = require('../body/uploads.js');

/** number → WeakRef<Callbacks> */
const clients = new Table();
/** number → { callbacks, flights } */
const held = new Map();
const collected = new FinalizationRegistry((number) => clients.delete(number));

/** Calls that are for no callbacks of a client. The names are those in `src/binding/`. */
const CALLS = {
  __proto__: null,
  forget: (_environment, _client, thrown) => forget(thrown),
  openUpload: (environment, _client, ...args) => uploads.open(environment, ...args),
  resumeUpload: (_environment, _client, upload) => uploads.resume(upload),
  stopUpload: (_environment, _client, upload) => uploads.stop(upload),
  keepCallbacks: (_environment, client) => keepCallbacks(client),
  releaseCallbacks: (_environment, client) => releaseCallbacks(client),
};

/** Calls that are: `number` is what to answer to, 0 if nobody waits. */
const CLIENT_CALLS = {
  __proto__: null,
  refresh: (callbacks, ...args) => callbacks.refresh(...args),
  abortRefresh: (callbacks, ...args) => callbacks.abortRefresh(...args),
  getTokens: (callbacks, ...args) => callbacks.getTokens(...args),
  setTokens: (callbacks, ...args) => callbacks.setTokens(...args),
  format: (callbacks, ...args) => callbacks.format(...args),
  isSessionExpired: (callbacks, ...args) => callbacks.isSessionExpired(...args),
  onBeforeRefresh: (callbacks) => callbacks.onBeforeRefresh(),
  onRefreshed: (callbacks, ...args) => callbacks.onRefreshed(...args),
  onRefreshFailed: (callbacks, ...args) => callbacks.onRefreshFailed(...args),
  onPersistFailed: (callbacks, ...args) => callbacks.onPersistFailed(...args),
  logout: (callbacks) => callbacks.logout(),
};

/** The number by which Rust calls these callbacks. */
function register(callbacks) {
  const number = clients.add(new WeakRef(callbacks));
  collected.register(callbacks, number);
  return number;
}

/** `call`: [client, name, number, ...args] */
function dispatch(environment, [client, name, number, ...args]) {
  const call = CALLS[name];
  if (call !== undefined) return call(environment, client, ...args);
  const callbacks = clients.get(client)?.deref();
  if (callbacks !== undefined) return CLIENT_CALLS[name](callbacks, environment, number, ...args);
  if (number !== 0) environment.replyFailed(number, 'unknown', undefined, 0);
}

function keepCallbacks(client) {
  const entry = held.get(client) ?? { callbacks: clients.get(client)?.deref(), flights: 0 };
  entry.flights += 1;
  held.set(client, entry);
}

function releaseCallbacks(client) {
  const entry = held.get(client);
  if (entry === undefined) return;
  entry.flights -= 1;
  if (entry.flights === 0) held.delete(client);
}

module.exports = { dispatch, register };
