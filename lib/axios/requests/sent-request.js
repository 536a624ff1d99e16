'use strict';

// One request of an instance, across its sendings. It travels on axios' config, which is copied on the way: whatever
// copy comes back from the wire still leads here.
//
// Invariant: what is sent again is what the caller gave, not what the transforms and the adapter made of it.

/** The config's property. A name of its own: axios' older versions copy no symbols. */
const KEY = '_tokenRotator';
/** After the token it had: with the one it should have had, and with the one that expired on the way there. */
const MAX_REPLAYS = 2;

class Sent {
  /** Whose interceptors it went through. */
  owner;
  /** It has waited for a refresh: one that helped nothing is not followed by another. */
  refreshed = false;
  replays = 0;
  /** A redirect has led it to where the token does not go. */
  hasStrayed = false;
  // Tokens are in these two, and whoever prints an error prints its config.
  #authorised;
  #next;
  #data;
  #headers;
  #beforeRedirect;

  constructor(owner, config) {
    this.owner = owner;
    this.#data = config.data;
    // As a plain object, which every version of axios takes back.
    this.#headers = { ...config.headers };
    this.#beforeRedirect = config.beforeRedirect;
    config[KEY] = this;
  }

  static of(config) {
    const sent = config?.[KEY];
    return sent instanceof Sent ? sent : undefined;
  }

  /** What it was sent with, see `session.js`; undefined if its credentials are not ours. */
  get authorised() {
    return this.#authorised;
  }

  set authorised(authorised) {
    this.#authorised = authorised;
  }

  /** It is about to be sent again. */
  get isNext() {
    return this.#next !== undefined;
  }

  get isSpent() {
    return this.replays === MAX_REPLAYS;
  }

  get isReplayable() {
    return !holdsStream(this.#data);
  }

  /** What to send it again with. */
  take() {
    const next = this.#next;
    this.#next = undefined;
    return next;
  }

  /** Makes `config` what it was before it was sent. */
  again(config, next) {
    this.#next = next;
    this.replays += 1;
    config.data = this.#data;
    config.headers = { ...this.#headers };
    config.beforeRedirect = this.#beforeRedirect;
    return config;
  }

  /** Nothing of it is anybody's business: errors are printed with their config. */
  toJSON() {
    return undefined;
  }
}

/** Whether `data`, or a field of it, can be read only once. */
function holdsStream(data, depth = 0) {
  if (typeof data !== 'object' || data === null || ArrayBuffer.isView(data)) return false;
  // Node's, npm's form-data, the platform's, and generators.
  if (typeof data.pipe === 'function' || typeof data.getReader === 'function') return true;
  if (typeof data[Symbol.asyncIterator] === 'function') return true;
  const isPlain = Array.isArray(data) || [Object.prototype, null].includes(Object.getPrototypeOf(data));
  return depth < 4 && isPlain && Object.values(data).some((field) => holdsStream(field, depth + 1));
}

module.exports = { Sent };
