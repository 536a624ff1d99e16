'use strict';

// A client's callbacks. Whatever they do, Rust gets exactly one answer, and nothing that they throw escapes. docs/callbacks.md has the
// table. Each part is one job, and is loaded when Rust first calls it.
//
// This file comes with the first client. After jest's `resetModules` it would load other copies of files that have a state, so that it is
// handed what it needs of them.

const { TokenRotatorError } = require('../errors.js');
const { Rotations } = require('../tracing/rotations.js');

/**
 * @typedef {object} Crossing
 * @property {typeof import('../crossing/native-errors.js').errorFromNative} errorFromNative
 * @property {typeof import('../crossing/native-errors.js').errorWithoutCause} errorWithoutCause
 * @property {typeof import('../crossing/native-errors.js').keep} keep
 * @property {typeof import('../crossing/environment.js').uploads} uploads
 */

/**
 * @typedef {object} Whole  A rotation or a traced request that user code is a part of, as `src/binding/part_of.rs` gives it
 * @property {string | null} [session]
 * @property {number | null} [epoch]
 * @property {number | null} [request]
 */

class Callbacks {
  /** The functions of the client's options. @type {any} */
  user;
  /** @type {Crossing} */
  crossing;
  rotations = new Rotations();
  /** Requests whose tries are traced, by number. @type {Map<number, import('../tracing/traced-request.js').TracedRequest>} */
  traced = new Map();
  /** How many callbacks that a rotation waits for are in their synchronous part: see `assertNotInside`. */
  #running = 0;
  #hooks;
  #register;
  #requests;
  #tokens;
  #transport;

  /** @param {any} user @param {Crossing} crossing */
  constructor(user, crossing) {
    this.user = user;
    this.crossing = crossing;
  }

  get hooks() {
    return (this.#hooks ??= new (require('./hooks.js').Hooks)(this));
  }

  get register() {
    return (this.#register ??= new (require('./register.js').Register)(this));
  }

  get requests() {
    return (this.#requests ??= new (require('./requests.js').Requests)(this));
  }

  get tokens() {
    return (this.#tokens ??= new (require('./tokens.js').TokenCallbacks)(this));
  }

  get transport() {
    return (this.#transport ??= new (require('./transport.js').Transport)(this));
  }

  /** The number by which the channels know this client. */
  get client() {
    return this.rotations.client;
  }

  /** @param {'login' | 'logout' | 'lost'} event @param {string} session */
  tell(event, session) {
    this.rotations.tell(event, session);
  }

  /** The login that a `refresh` is for. @param {object} context  its second argument @returns {number | undefined} */
  epochOf(context) {
    return this.#tokens?.epochOf(context);
  }

  /** The client is closed. */
  close() {
    if (this.user.register !== undefined) this.register.endWatch();
  }

  /**
   * Calls `work`, waits for what it returns, and calls either `done` or `failed`. If `done` throws, because the result is no
   * tokens, `failed` is called too.
   * @param {Whole} whole  in whose context `work` runs
   * @param {() => any} work @param {(result: any) => void} done @param {(error: unknown) => any} failed
   */
  settle(whole, work, done, failed) {
    let result;
    this.#running += 1;
    try {
      result = this.within(whole, work);
    } catch (error) {
      return failed(error);
    } finally {
      this.#running -= 1;
    }
    // The Promise constructor takes care of thenables that call back twice, throw late or throw on `then`.
    new Promise((resolve) => resolve(result)).then(done).catch(failed);
  }

  /** Calls user code in the context of what it is a part of. @param {Whole} whole @param {() => any} work */
  within({ session, epoch, request }, work) {
    const traced = this.traced.get(/** @type {number} */ (request));
    return traced === undefined ? this.rotations.within(session, epoch, work) : traced.within(work);
  }

  /** Says that a callback failed for an unknown reason. @param {any} environment @param {number} number @param {unknown} error @param {string} [said] */
  failed(environment, number, error, said) {
    environment.replyFailed(number, 'unknown', undefined, this.crossing.keep(error), said);
  }

  /**
   * Refuses a call that would wait for the rotation that it is made from. After its first `await`, a callback cannot be told
   * from other code any more; its calls then end with `refreshTimeout`.
   */
  assertNotInside() {
    if (this.#running === 0) return;
    throw new TokenRotatorError(
      'refresh and the functions of a store must not wait for the client they serve: send the request with skipAuthRefresh, or use another client',
      { code: 'ERR_REENTRANT_CALL' },
    );
  }
}

exports.Callbacks = Callbacks;
