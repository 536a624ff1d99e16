'use strict';

// A store under examination: each call must settle in time, with an answer of the promised shape. Failures say what to mend.

const { randomBytes } = require('node:crypto');
// Not the globals: a test environment may fake them.
const { clearTimeout, setTimeout } = require('../../clock.js');

/** A session that no run had before. */
const newSession = (name = 'plain') => `conformance ${name} ${randomBytes(8).toString('hex')}`;

const newVersion = () => randomBytes(16).toString('hex');

/** A record and its version, as the client makes them. */
const newDocument = (record = `{"n":"${randomBytes(8).toString('hex')}"}`) => ({
  record,
  version: newVersion(),
});

/** Fails the check. */
function demand(isRight, message) {
  if (!isRight) throw new Error(typeof message === 'function' ? message() : message);
}

class Probe {
  #store;
  #patience;

  /** @param {number} patience  how long a call may take, ms */
  constructor(store, patience) {
    for (const name of ['read', 'compareAndSet']) {
      demand(typeof store?.[name] === 'function', `the store has no function ${name}`);
    }
    this.#store = store;
    this.#patience = patience;
  }

  get watches() {
    return this.#store.watch !== undefined;
  }

  async read(session) {
    const found = (await this.#call('read', session)) ?? null;
    if (found === null) return null;
    const { record, version } = found;
    demand(
      typeof record === 'string' && typeof version === 'string',
      `read must resolve to { record, version }, two texts, or to null; record is ${kind(record)}, version ${kind(version)}`,
    );
    return { record, version };
  }

  async compareAndSet(session, next, expected) {
    // Copies, because a store that keeps the object would see what another check does with it.
    const done = await this.#call('compareAndSet', session, { ...next }, expected);
    demand(typeof done === 'boolean', `compareAndSet must resolve to true or false, and gave ${kind(done)}`);
    return done;
  }

  /** A new document over `expected`, which is a document or null. @returns the document, or null after a conflict */
  async write(session, expected, next = newDocument()) {
    return (await this.compareAndSet(session, next, expected?.version ?? null)) ? next : null;
  }

  /** A write that must be done. */
  async mustWrite(session, expected, next = newDocument()) {
    const over = expected === null ? 'nothing was stored' : 'the expected version was stored';
    demand(
      await this.write(session, expected, next),
      `compareAndSet for ${show(session)} resolved to false, although ${over}`,
    );
    return next;
  }

  /** Exactly `wanted` is stored, which may be null. */
  async mustRead(session, wanted, when) {
    const found = await this.read(session);
    demand(isSame(found, wanted), () => `${when}: ${difference(found, wanted)}`);
  }

  async watch(changed, lost) {
    const end = await this.#call('watch', changed, lost);
    demand(typeof end === 'function', `watch must resolve to a function that ends it, and gave ${kind(end)}`);
    return () => this.#inTime('the function that ends a watch', end);
  }

  /** @param {string} name @param {any[]} args */
  #call(name, ...args) {
    return this.#inTime(name, () => this.#store[name](...args));
  }

  /** @param {string} name @param {() => any} call */
  async #inTime(name, call) {
    let timer;
    const late = new Promise((_resolve, reject) => {
      const limit = () => reject(new Error(`${name} has not settled within ${this.#patience} ms`));
      timer = setTimeout(limit, this.#patience);
    });
    try {
      return await Promise.race([new Promise((resolve) => resolve(call())).catch(rethrow(name)), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

const rethrow = (name) => (cause) => {
  throw new Error(`${name} failed: ${cause?.message ?? cause}`, { cause });
};

const isSame = (found, wanted) => found?.record === wanted?.record && found?.version === wanted?.version;

/** These records are made up, so that their text may be shown. */
function difference(found, wanted) {
  if (wanted === null) return 'read gave a record, and nothing must be stored';
  if (found === null) return 'read gave null, and a record must be stored';
  const field = found.version === wanted.version ? 'record' : 'version';
  const [got, expected] = [found[field], wanted[field]];
  let at = 0;
  while (at < expected.length && got[at] === expected[at]) at += 1;
  const part = (text) => JSON.stringify(text.slice(at, at + 20));
  return (
    `read gave another ${field} than the one to be stored: ${got.length} characters instead of ${expected.length}, ` +
    `and from character ${at} on ${part(got)} instead of ${part(expected)}`
  );
}

function kind(value) {
  if (value === null) return 'null';
  if (Buffer.isBuffer(value)) return 'a Buffer';
  return Array.isArray(value) ? 'an array' : typeof value;
}

/** A session's key, cut. */
const show = (session) => JSON.stringify(session.length > 80 ? `${session.slice(0, 80)}…` : session);

module.exports = { Probe, demand, newDocument, newSession, newVersion, show };
