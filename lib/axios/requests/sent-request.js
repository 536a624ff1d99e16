'use strict';

// One request of an instance, however often it is sent. The object travels on axios' config, which axios copies on the way:
// each copy leads back to it.
//
// Invariant: a replay sends what the caller gave, not what the transforms and the adapter made of it.

const { soon } = require('../../clock.js');
const { setHeader } = require('./header-bag.js');
const { watchSteps } = require('./watched-steps.js');

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
  /** @type {import('../../tracing/traced-request.js').TracedRequest | undefined} */
  #traced;
  #attempts = 0;
  #unwatch = () => {};

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

  /** Nobody listened when it was first sent, so that nobody hears of its replays either. */
  get isUntraced() {
    return this.#attempts > 0 && this.#traced === undefined;
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

  /** It is about to be sent. `names`: of headers that carry the token. */
  traceTry(config, session, names) {
    this.#attempts += 1;
    // At the first try alone: a later listener would get a request without its beginning.
    if (this.#attempts === 1) {
      this.#traced = session.trace(config);
      if (this.#traced !== undefined) this.#watchCancel(config);
    }
    if (this.#traced === undefined) return;
    watchSteps(config, (error) => this.#stepFailed(error));
    const generation = this.#credential?.generation ?? null;
    for (const [name, value] of this.#traced.beginHere(this.#attempts, this.replay.replays, generation)) {
      const carriesToken = names.some((one) => one.toLowerCase() === name);
      if (!carriesToken) setHeader(config, name, value);
    }
  }

  /** A CanceledError has no config that would lead to this request. */
  #watchCancel({ signal, cancelToken }) {
    const canceled = () => {
      this.#unwatch();
      this.#traced?.failed(undefined, true);
    };
    this.#unwatch = () => {
      signal?.removeEventListener?.('abort', canceled);
      cancelToken?.unsubscribe?.(canceled);
    };
    signal?.addEventListener?.('abort', canceled, { once: true });
    cancelToken?.subscribe?.(canceled);
    if (signal?.aborted) soon(canceled);
  }

  /** An error that leads to this request comes to the interceptors, which may send it again. Any other is the caller's. */
  #stepFailed(error) {
    if (SentRequest.of(error?.config) !== this) this.traceFailure(error);
  }

  traceTryEnd({ response, code }) {
    this.#traced?.end(response?.status, response ? undefined : code);
  }

  /** The caller gets an answer. @param {number | undefined} status */
  traceEnd(status) {
    this.#traceEnd(status);
  }

  /** The caller gets this error. It has an answer, unless it is that of a refresh. @param {any} error */
  traceFailure(error) {
    this.#traceEnd(SentRequest.of(error?.config) === this ? error.response?.status : undefined, error);
  }

  #traceEnd(status, error) {
    if (this.#traced === undefined) return;
    const { replays } = this.replay;
    this.#unwatch();
    if (status === undefined) this.#traced.failed(error, error?.code === 'ERR_CANCELED');
    else this.#traced.answered({ status, attempts: this.#attempts, replays });
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
