'use strict';

// The one connection to Rust of this environment, which is a thread with its event loop, and the clients that use it. Rust
// wakes `pump` when it has something to deliver. `drain` settles promises and returns calls of user code, one by one, in the
// order of their events.

const { Client, Environment } = require('./addon.js').addon;
const { forget, keep } = require('./native-errors.js');
const { Table } = require('./table.js');
const { setImmediate } = require('../clock.js');

/**
 * @import { Callbacks } from '../callbacks/callbacks.js'
 * @import { Uploads } from '../body/uploads.js'
 */

/** The names that `src/binding/callbacks.rs` calls, by the part of Callbacks that has a method for each. */
const PARTS = {
  tokens: ['refresh', 'abortRefresh', 'getTokens', 'setTokens', 'source'],
  register: ['read', 'compareAndSet', 'watch'],
  transport: ['send', 'abortSend'],
  requests: ['format', 'isSessionExpired', 'beginTry', 'endTry'],
  hooks: [
    ...['onBeforeRefresh', 'onRefreshed', 'onRefreshFailed', 'onPersistFailed', 'onSuperseded'],
    ...['onRevokeFailed', 'logout', 'rotationBegins', 'rotationEnds'],
  ],
};
const PART_OF = new Map(Object.entries(PARTS).flatMap(([part, names]) => names.map((name) => [name, part])));

/** Weak, so that a client which the program dropped can be collected even if its callbacks refer to it. */
const registered = /** @type {Table<WeakRef<Callbacks>>} */ (new Table());
const collected = new FinalizationRegistry((number) => registered.delete(number));
/** Of clients with flights under way. @type {Map<number, { callbacks: Callbacks | undefined, flights: number }>} */
const kept = new Map();

/** For async hooks, and for tools that list what keeps a program running, such as jest's `--detectOpenHandles`. */
const resource = { hasRef: () => environment.hasRef() };
const environment = new Environment(pump, resource);
// Up to 22, Node keeps here what each AsyncLocalStorage holds at this moment. If a request were the first to load the package, all
// callbacks of the process would for ever run in that request's context.
for (const storage of Object.getOwnPropertySymbols(resource)) delete resource[storage];

/** @type {Uploads | undefined} */
let made;

/**
 * Made with the first body that is read while it is sent, so that the package itself loads sooner. Its state is in this object and
 * not in its file. After jest's `resetModules` two copies of the package load that file once, and each copy would take the other's
 * bodies for its own.
 */
function uploads() {
  if (made === undefined) {
    const { Uploads } = require('../body/uploads.js');
    made = new Uploads(environment, { forget, keep });
  }
  return made;
}

function pump() {
  for (;;) {
    const call = environment.drain();
    if (call === undefined) return;
    try {
      dispatch(/** @type {any} */ (call));
    } catch (error) {
      throwLater(error, call[2]);
    }
  }
}

/** For errors of platform functions that a program replaced. Thrown at once, such an error would end this delivery. */
function throwLater(error, number) {
  setImmediate(() => {
    throw error;
  });
  if (number !== 0) environment.replyFailed(number, 'unknown', undefined, 0);
}

/** @param {[client: number, name: string, number: number, ...any[]]} call  `number`: to reply to; 0 if nobody waits */
function dispatch([client, name, number, ...args]) {
  if (name === 'forget') return forget(args[0]);
  if (name === 'openUpload') return uploads().open(args[0], args[1]);
  if (name === 'resumeUpload') return uploads().resume(args[0]);
  if (name === 'stopUpload') return uploads().stop(args[0]);
  if (name === 'releaseCallbacks') return releaseCallbacks(client);
  const callbacks = registered.get(client)?.deref();
  if (name === 'keepCallbacks') return keepCallbacks(client, callbacks);
  const part = PART_OF.get(name);
  if (callbacks !== undefined && part !== undefined)
    return callbacks[part][name](environment, number, ...args);
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

class NativeClient extends Client {
  /** Sends a request. */
  send = this.sender();
  /** @type {FinalizationRegistry<number>} */
  #collected = new FinalizationRegistry((number) => this.forget(number));

  /** @param {Callbacks} callbacks @param {any} settings  as `readClientOptions` makes them */
  constructor(callbacks, settings) {
    const number = registered.add(new WeakRef(callbacks));
    collected.register(callbacks, number);
    super(environment, number, settings);
  }

  /** @param {string} key */
  open(key) {
    const session = new NativeSession(this, this.session(key));
    this.#collected.register(session, session.number);
    return session;
  }
}

// An object of the addon for each session would cost three times as much.
/** A session, which Rust knows by its number until this object is collected: hold the object while you use the number. */
class NativeSession {
  // Declared, as in `errors.js`.
  client;
  number;

  /** @param {NativeClient} client @param {number} number */
  constructor(client, number) {
    this.client = client;
    this.number = number;
  }
}

exports.NativeClient = NativeClient;
exports.NativeSession = NativeSession;
exports.environment = environment;
exports.uploads = uploads;
