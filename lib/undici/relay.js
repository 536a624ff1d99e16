'use strict';

// One request, between its caller's handler and undici's dispatch: sends it with the session's token, and again if the server
// rejects the token. The engine's `client` does the same for the client's own requests, with the same limits and order.
//
// Invariant: the handler gets one beginning, and one answer or error, however often the request is sent.

const { TokenRotatorError } = require('../errors.js');
const { ReplayPolicy } = require('../external/replay-policy.js');
const { readBody, wasEmpty } = require('./body.js');
const { Controller } = require('./controller.js');
const { Proofs } = require('./proofs.js');
const { Sending } = require('./sending.js');

const ENDS = new Set(['onRequestUpgrade', 'onResponseEnd', 'onResponseError']);

class Relay {
  /** @type {import('../external/authoriser.js').Authoriser} */
  #auth;
  #dispatch;
  #opts;
  #headers;
  #handler;
  #replay;
  #proofs;
  #replayable;
  #done = false;
  /** @type {import('../tracing/traced-request.js').TracedRequest | undefined} */
  #traced;
  /** @type {{ attempts: number, replays: number, replayError: Error | undefined }} */
  #report = { attempts: 0, replays: 0, replayError: undefined };
  /** Of the answer that the caller gets. */
  #status = 0;
  #context = { tokenRotator: this.#report };

  controller = new Controller(this);
  /** The latest, whose answer may become the caller's. @type {import('./sending.js').Sending | undefined} */
  sending = undefined;
  aborted = false;
  reason = null;

  /** @param {import('../external/authoriser.js').Authoriser} auth @param {string} origin  where the request goes, also if `opts` does not say */
  constructor(auth, dispatch, opts, headers, handler, origin) {
    const to = `${opts.method} ${origin}${opts.path}`;
    this.#auth = auth;
    this.#traced = auth.trace('undici', opts.method, `${origin}${opts.path}`);
    this.#replay = new ReplayPolicy(auth, to);
    this.#proofs = new Proofs(auth, to);
    this.#dispatch = dispatch;
    this.#opts = opts;
    this.#headers = headers;
    this.#handler = handler;
  }

  /** @param {number | undefined} epoch  the login of an earlier sending @param {(epoch: number) => void} onLogin */
  async start(epoch, onLogin) {
    const { body } = this.#opts;
    const failed = (error) => this.fail(error);
    // undici listens for errors once it has the request. A stream that fails before would end the process.
    const stream = typeof body?.pipe === 'function' && typeof body.on === 'function' ? body : undefined;
    stream?.on('error', failed);
    try {
      // Now and not when it is sent, so that a caller can abort while the request waits for a rotation.
      this.#handler.onRequestStart?.(this.controller, this.#context);
      if (this.#done) return;
      const credential = this.#auth.authorise(epoch);
      const [authorised, read] = await Promise.all([credential, readBody(body, this.#headers)]);
      onLogin(authorised.epoch);
      this.#opts.body = read.data;
      this.#replayable = read.replayable;
      if (!this.#done) this.#send(authorised);
    } catch (error) {
      this.fail(error);
    } finally {
      stream?.off('error', failed);
    }
  }

  #send(authorised) {
    this.#report.attempts += 1;
    this.sending = new Sending(this, authorised);
    const { attempts, replays } = this.#report;
    const proof = this.#proofs.make(authorised);
    // First, so that a subscriber can replace neither token nor proof.
    const added = this.#traced?.beginHere(attempts, replays, authorised.generation) ?? new Map();
    added.set(this.#auth.headerName, authorised.value);
    if (proof !== undefined) added.set('dpop', proof);
    this.#dispatch({ ...this.#opts, headers: this.#headers.with(added) }, this.sending);
  }

  /** A sending has a final status. */
  gotHead(status) {
    this.#traced?.end(status);
  }

  /** A sending is about to go over the wire. */
  begun({ controller }, context) {
    if (this.#done) return controller.abort(this.reason ?? new Error('the request has ended'));
    Object.assign(this.#context, context, { tokenRotator: this.#report });
    // An inner interceptor follows a redirect, with the token and without a check of the new origin.
    if (context?.history?.length > 0) controller.abort(redirectedInside());
  }

  /** A sending got an answer that is no 401. */
  answered({ authorised }, headers) {
    this.#proofs.heard(authorised, headers);
  }

  accepted({ authorised }) {
    this.#auth.accepted(authorised, this.#replay.sent);
  }

  /** A sending got a 401. False: the caller gets it. True: keep it until `release` or `drop` is called. */
  rejected(sending, headers) {
    if (!this.#proofs.heard(sending.authorised, headers) || this.#replay.isOver) return false;
    this.#judge(sending, headers?.['www-authenticate']);
    return true;
  }

  async #judge(sending, challenge) {
    try {
      const text = challenge && String(challenge);
      const next = await this.#replay.next(sending.authorised, text, () => this.#isReplayable());
      if (this.#done) return sending.drop();
      if (next === null) return sending.release();
      if (next instanceof Error) {
        this.#report.replayError = next;
        return sending.release();
      }
      sending.drop();
      this.#report.replays = this.#replay.replays;
      this.#send(next);
    } catch (error) {
      sending.drop();
      this.fail(error);
    }
  }

  #isReplayable() {
    if (!this.#replayable && wasEmpty(this.#opts.body)) {
      this.#opts.body = null;
      this.#replayable = true;
    }
    return this.#replayable;
  }

  responseStarted() {
    if (!this.#done) this.#handler.onResponseStarted?.();
  }

  /** Calls the handler, unless it was told the end. If it throws at the end, it gets that error too. */
  tell(name, ...args) {
    if (this.#done) return;
    this.#done = ENDS.has(name);
    if (this.#traced) this.#traceEnd(this.#traced, name, args[0]);
    try {
      this.#handler[name]?.(this.controller, ...args);
    } catch (error) {
      this.#done = name === 'onResponseError';
      throw error;
    }
  }

  #traceEnd(traced, name, first) {
    const { attempts, replays } = this.#report;
    if (name === 'onResponseStart' || name === 'onRequestUpgrade') this.#status = first;
    if (name === 'onResponseError') traced.failed(first, this.aborted);
    else if (this.#done) traced.answered({ status: this.#status, attempts, replays });
  }

  fail(error) {
    this.tell('onResponseError', error);
  }

  /** The caller aborts. A rotation that the request waited for goes on. */
  abort(reason) {
    if (this.#done) return;
    this.aborted = true;
    this.reason = reason ?? abortError();
    this.sending?.controller?.abort(this.reason);
    // Told here, because undici calls no handler while no sending is under way.
    this.fail(this.reason);
  }
}

/** Like undici's own, whose class this file cannot load. */
function abortError() {
  return Object.assign(new Error('Request aborted'), { name: 'AbortError', code: 'UND_ERR_ABORTED' });
}

function redirectedInside() {
  return new TokenRotatorError(
    'a redirect was followed beyond the reach of tokenInterceptor; put redirect after it: compose(tokenInterceptor(client), redirect())',
    { code: 'ERR_REDIRECT' },
  );
}

exports.Relay = Relay;
