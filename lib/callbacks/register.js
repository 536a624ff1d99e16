'use strict';

// The functions of a register (the option `store`). No message holds a value that they gave, because a record holds tokens.

const { kindOf } = require('../tokens/shape.js');

/** @import { Callbacks } from './callbacks.js' */

/** The form in which `src/binding/register.rs` gives versions. */
const VERSION = /^[0-9a-f]{32}$/;

class Register {
  #all;
  /** Null after `close`. @type {import('./watch.js').Watch | null | undefined} */
  #watch;

  /** @param {Callbacks} all */
  constructor(all) {
    this.#all = all;
  }

  read(environment, number, session) {
    this.#all.settle(
      { session },
      () => this.#all.user.register.read(session),
      (found) => {
        const document = readDocument(found);
        if (document === null) return environment.reply(number);
        if (typeof document === 'string') return this.#wrong(environment, number, document);
        environment.replyDocument(number, document.record, document.version);
      },
      (error) => this.#all.failed(environment, number, error),
    );
  }

  compareAndSet(environment, number, session, record, version, expected) {
    this.#all.settle(
      { session },
      () => this.#all.user.register.compareAndSet(session, { record, version }, expected),
      (done) => {
        const verdict = readVerdict(done);
        if (typeof verdict === 'string') return this.#wrong(environment, number, verdict);
        environment.reply(number, verdict);
      },
      (error) => this.#all.failed(environment, number, error),
    );
  }

  /** @param {string} text  what is wrong with an answer */
  #wrong(environment, number, text) {
    this.#all.failed(environment, number, new TypeError(text), text);
  }

  /** Begins to tell Rust of changes. `client` is the number of these callbacks. */
  watch(environment, _number, session, client) {
    if (this.#watch !== undefined) return;
    const { Watch } = require('./watch.js');
    const weak = new WeakRef(this.#all);
    const told = (watches, changed) => environment.changed(client, watches, changed);
    const failed = (error) => weak.deref()?.hooks.report(error, 'store.watch', session);
    this.#watch = new Watch(this.#all, this.#all.user.register.watch, told, failed);
  }

  endWatch() {
    this.#watch?.close();
    this.#watch = null;
  }
}

/** @returns {{ record: string, version: string } | null | string}  what is stored, or a text that says what is wrong */
function readDocument(found) {
  // `rows[0]` is undefined where no row was found.
  if (found === null || found === undefined) return null;
  if (typeof found !== 'object' || Array.isArray(found)) {
    return `store.read must resolve to { record, version } or null, and gave ${kindOf(found)}`;
  }
  const { record, version } = found;
  for (const [name, value] of Object.entries({ record, version })) {
    if (typeof value === 'string') continue;
    const kind = Buffer.isBuffer(value) ? 'a Buffer' : kindOf(value);
    return `${name} of what store.read gave must be the text that was stored, and is ${kind}`;
  }
  if (VERSION.test(version)) return { record, version };
  return 'version of what store.read gave must be the text that was stored, and is another text';
}

/** @returns {boolean | string}  a text says what is wrong */
function readVerdict(done) {
  if (typeof done === 'boolean') return done;
  return `store.compareAndSet must resolve to true or false, and gave ${kindOf(done)}`;
}

exports.Register = Register;
