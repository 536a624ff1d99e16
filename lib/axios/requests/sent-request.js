'use strict';

// One request of an instance, however often it is sent. The object travels on axios' config, which axios copies on the way:
// each copy leads back to it.
//
// Invariant: a replay sends what the caller gave, not what the transforms and the adapter made of it.

/** The config's property. It is no symbol, because axios' older versions copy none. */
const KEY = '_tokenRotator';

class SentRequest {
  /** The Interceptors that the request went through. */
  owner;
  replay;
  /** A redirect has led the request to an origin that the token does not go to. */
  hasStrayed = false;
  // Private, because these two hold tokens, and an error is printed with its config.
  #credential;
  #next;
  #data;
  #headers;
  #beforeRedirect;

  /** `replay`: its ReplayPolicy. */
  constructor(owner, config, replay) {
    this.owner = owner;
    this.replay = replay;
    this.#data = config.data;
    // A plain object, which every version of axios takes.
    this.#headers = { ...config.headers };
    this.#beforeRedirect = config.beforeRedirect;
    config[KEY] = this;
  }

  static of(config) {
    const sent = config?.[KEY];
    return sent instanceof SentRequest ? sent : undefined;
  }

  /** The credential that the request was sent with, see `session.js`; undefined for a credential of the caller's. */
  get credential() {
    return this.#credential;
  }

  set credential(credential) {
    this.#credential = credential;
  }

  get isReplayable() {
    return !holdsStream(this.#data);
  }

  /** The credential of a replay that is about to be sent. */
  takeNext() {
    const next = this.#next;
    this.#next = undefined;
    return next;
  }

  /** Makes `config` what it was before it was sent, for a replay with the credential `next`. */
  again(config, next) {
    this.#next = next;
    config.data = this.#data;
    config.headers = { ...this.#headers };
    config.beforeRedirect = this.#beforeRedirect;
    return config;
  }

  /** Keeps the object out of errors that are printed as JSON with their config. */
  toJSON() {
    return undefined;
  }
}

/** True if `data`, or a field of it, can be read only once. */
function holdsStream(data, depth = 0) {
  if (typeof data !== 'object' || data === null || ArrayBuffer.isView(data)) return false;
  // Node's streams, npm's form-data, web streams, and generators.
  if (typeof data.pipe === 'function' || typeof data.getReader === 'function') return true;
  if (typeof data[Symbol.asyncIterator] === 'function') return true;
  const isPlain = Array.isArray(data) || [Object.prototype, null].includes(Object.getPrototypeOf(data));
  return depth < 4 && isPlain && Object.values(data).some((field) => holdsStream(field, depth + 1));
}

exports.SentRequest = SentRequest;
