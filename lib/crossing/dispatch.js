'use strict';

// Which client's callbacks a call from Rust is for.
//
// Clients are found by number and held weakly, so that one the program has dropped can be collected even if its own
// callbacks refer to it. Rust says when a flight begins and ends; meanwhile its client is held.

const { forget } = require('./kept-errors.js');
const uploads = require('../body/uploads.js');

/** number → WeakRef<Callbacks> */
const known = new Map();
/** number → { callbacks, flights } */
const held = new Map();
const collected = new FinalizationRegistry((number) => known.delete(number));
let last = 0;

/** The number that Rust calls these callbacks by. */
function register(callbacks) {
  last += 1;
  known.set(last, new WeakRef(callbacks));
  collected.register(callbacks, last);
  return last;
}

/** `[client, name, number, ...args]` */
function dispatch(port, [client, name, number, ...args]) {
  if (name === 'forget') return forget(args[0]);
  if (name === 'openUpload') return uploads.open(port, ...args);
  if (name === 'resumeUpload') return uploads.resume(args[0]);
  if (name === 'stopUpload') return uploads.stop(args[0]);
  if (name === 'release') return release(client);
  const callbacks = known.get(client)?.deref();
  if (name === 'hold') return hold(client, callbacks);
  if (callbacks !== undefined) return callbacks[name](port, number, ...args);
  if (number !== 0) port.answerFailed(number, 'unknown', undefined, 0);
}

function hold(client, callbacks) {
  const entry = held.get(client) ?? { callbacks, flights: 0 };
  entry.flights += 1;
  held.set(client, entry);
}

function release(client) {
  const entry = held.get(client);
  if (entry === undefined) return;
  entry.flights -= 1;
  if (entry.flights === 0) held.delete(client);
}

module.exports = { dispatch, register };
