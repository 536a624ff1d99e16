'use strict';

// One request, between the handler that its caller gave undici and undici's own dispatch: sent with the session's
// token, judged, and sent again if the token was the trouble. `src/engine/client/send.rs` does the same for the client's own
// requests, and the numbers and the order here are its.
//
// Invariant: the handler meets one beginning and one answer or error, of however many sendings.

const { TokenRotatorError, bodyNotReplayable } = require('../errors.js');
const { readBody, wasEmpty } = require('./body.js');
const { Controller } = require('./controller.js');
const { Sending } = require('./sending.js');

/** As the client's own requests. */
const MAX_REPLAYS = 2;
const ENDS = new Set(['onRequestUpgrade', 'onResponseEnd', 'onResponseError']);

class Relay {
  #auth;
  #dispatch;
  #opts;
  #headers;
  #handler;
  #replayable;
  #done = false;
  #report = { attempts: 0, replays: 0, replayError: undefined };
  #context = { tokenRotator: this.#report };

  controller = new Controller(this);
  /** The one whose answer may become the caller's. */
  sending = undefined;
  aborted = false;
  reason = null;

  constructor(auth, dispatch, opts, headers, handler) {
    this.#auth = auth;
    this.#dispatch = dispatch;
    this.#opts = opts;
    this.#headers = headers;
    this.#handler = handler;
  }

  /** `epoch`: the login it was made under, if it came by before; `made` is told otherwise. */
  async start(epoch, made) {
    const { body } = this.#opts;
    const failed = (error) => this.fail(error);
    // undici listens once it has the request. A stream that fails meanwhile would end the process.
    const stream = typeof body?.pipe === 'function' && typeof body.on === 'function' ? body : undefined;
    stream?.on('error', failed);
    try {
      // Now and not when it is sent: who waits for a rotation must be able to leave.
      this.#handler.onRequestStart?.(this.controller, this.#context);
      if (this.#done) return;
      const reading = readBody(body, this.#headers);
      const [authorised, read] = await Promise.all([this.#auth.authorise(epoch), reading]);
      made(authorised.epoch);
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
    const headers = this.#headers.with(this.#auth.headerName, authorised.value);
    this.#dispatch({ ...this.#opts, headers }, this.sending);
  }

  /** A sending is about to go over the wire. */
  begun({ controller }, context) {
    if (this.#done) return controller.abort(this.reason ?? new Error('the request has ended'));
    Object.assign(this.#context, context, { tokenRotator: this.#report });
    // Somebody further in is taking the token where nobody asked whether it may go.
    if (context?.history?.length > 0) controller.abort(redirectedInside());
  }

  accepted({ authorised }) {
    this.#auth.accepted(authorised);
  }

  /** A sending got a 401. False: it is the caller's. True: it is to be kept until `release` or `drop`. */
  rejected(sending) {
    if (this.#report.replays === MAX_REPLAYS) return false;
    this.#judge(sending);
    return true;
  }

  async #judge(sending) {
    try {
      const instead = await this.#auth.rejected(sending.authorised);
      if (this.#done) return sending.drop();
      if (instead === null) return sending.release();
      if (!this.#canReplay()) {
        this.#report.replayError = bodyNotReplayable();
        return sending.release();
      }
      sending.drop();
      this.#report.replays += 1;
      this.#send(instead);
    } catch (error) {
      sending.drop();
      this.fail(error);
    }
  }

  #canReplay() {
    if (!this.#replayable && wasEmpty(this.#opts.body)) {
      this.#opts.body = null;
      this.#replayable = true;
    }
    return this.#replayable;
  }

  responseStarted() {
    if (!this.#done) this.#handler.onResponseStarted?.();
  }

  /** Tells the handler, unless it has been told the end. If it throws at the end, it is to be told of that, too. */
  tell(name, ...args) {
    if (this.#done) return;
    this.#done = ENDS.has(name);
    try {
      this.#handler[name]?.(this.controller, ...args);
    } catch (error) {
      this.#done = name === 'onResponseError';
      throw error;
    }
  }

  fail(error) {
    this.tell('onResponseError', error);
  }

  /** The caller leaves. A rotation that it waited for goes on. */
  abort(reason) {
    if (this.#done) return;
    this.aborted = true;
    this.reason = reason ?? abortError();
    this.sending?.controller?.abort(this.reason);
    // Where nothing was under way, or nothing that undici still minds.
    this.fail(this.reason);
  }
}

/** As undici's own, whose class is not at hand. */
function abortError() {
  return Object.assign(new Error('Request aborted'), { name: 'AbortError', code: 'UND_ERR_ABORTED' });
}

function redirectedInside() {
  return new TokenRotatorError(
    'a redirect was followed beyond the reach of tokenInterceptor; put redirect after it: compose(tokenInterceptor(client), redirect())',
    { code: 'ERR_REDIRECT' },
  );
}

module.exports = { Relay };
