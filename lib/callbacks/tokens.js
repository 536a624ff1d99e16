'use strict';

// The callbacks that bring tokens and store them. A rotation waits for them; `number` is what to answer to.

const { MalformedTokens, readTokens, refreshTokenInText, tokensFromArray } = require('../tokens.js');

/** @import { Callbacks } from './callbacks.js' */

class TokenCallbacks {
  #all;
  /** Of the calls of `refresh` that are under way, by number. @type {Map<number, AbortController>} */
  #aborts = new Map();
  /** From the `context` of a refresh to the login that the tokens are for. @type {WeakMap<object, number>} */
  #epochs = new WeakMap();

  /** @param {Callbacks} all */
  constructor(all) {
    this.#all = all;
  }

  /** @param {object} context */
  epochOf(context) {
    return this.#epochs.get(context);
  }

  refresh(environment, number, refreshToken, session, attempt, epoch, claims) {
    const abort = new AbortController();
    this.#aborts.set(number, abort);
    const context = { session, attempt, signal: abort.signal, ...(claims !== null && { claims }) };
    this.#epochs.set(context, epoch);
    let returned;
    const answered = () => this.#aborts.delete(number);
    this.#all.settle(
      { session, epoch },
      () => this.#all.user.refresh(refreshToken, context),
      (result) => {
        answered();
        returned = result;
        const read = this.#newTokens(result, refreshToken);
        if (environment.replyTokens(number, read)) return;
        // Rust has given this call up, so that nobody uses its tokens.
        const { accessToken, refreshToken: next, expiresAt, extra, refreshAt } = read;
        const unused = [accessToken, next, expiresAt, extra, refreshAt];
        this.#all.hooks.onSuperseded(environment, number, session, unused);
      },
      (error) => {
        answered();
        return this.#refreshFailed(environment, number, error, session, returned);
      },
    );
  }

  /** An OAuth error that was returned counts as thrown. Else a session whose end the server has told would never end. */
  #newTokens(result, sent) {
    try {
      return readTokens(result, 'refresh', this.#all.hooks.notice, sent);
    } catch (error) {
      throw require('./refresh-evidence.js').isReturnedError(result) ? result : error;
    }
  }

  async #refreshFailed(environment, number, error, session, returned) {
    // Loaded here, because most programs never need them.
    const { bodyOf, unreadAnswer } = require('./refresh-evidence.js');
    const answer = unreadAnswer(isMalformed(error) ? returned : error);
    const body = answer === undefined ? undefined : await bodyOf(answer);
    if (isMalformed(error)) return this.#malformed(environment, number, error, refreshTokenInText(body));
    const { describeRefreshError } = require('./refresh-error.js');
    const { isRefreshFailureTerminal } = this.#all.user;
    const isTerminal =
      isRefreshFailureTerminal && ((thrown) => isRefreshFailureTerminal(thrown, { session }));
    const report = (thrown, hook) => this.#all.hooks.report(thrown, hook, session);
    const { kind, retryAfter, said } = describeRefreshError(error, isTerminal, report, body);
    environment.replyFailed(number, kind, retryAfter ?? undefined, this.#all.crossing.keep(error), said);
  }

  #malformed(environment, number, error, unread) {
    const refreshToken = MalformedTokens.refreshTokenOf(error) ?? unread;
    const thrown = this.#all.crossing.keep(error);
    environment.replyFailed(number, 'malformed', undefined, thrown, error.message, refreshToken);
  }

  /** Rust does not wait any more for the call of `refresh` with the number `refresh`. */
  abortRefresh(_environment, _number, refresh) {
    this.#aborts.get(refresh)?.abort(new DOMException('the refresh was given up', 'TimeoutError'));
    this.#aborts.delete(refresh);
  }

  getTokens(environment, number, session) {
    this.#all.settle(
      { session },
      () => this.#all.user.getTokens(session),
      (tokens) => {
        if (tokens === null || tokens === undefined) return environment.reply(number);
        environment.replyTokens(number, readTokens(tokens, 'store', this.#all.hooks.notice));
      },
      (error) => this.#failed(environment, number, error),
    );
  }

  setTokens(environment, number, tokens, session) {
    this.#all.settle(
      { session },
      () => this.#all.user.setTokens(tokens === null ? null : tokensFromArray(tokens), session),
      () => {
        this.#all.hooks.stored(session);
        environment.reply(number);
      },
      (error) => this.#failed(environment, number, error),
    );
  }

  #failed(environment, number, error) {
    if (isMalformed(error)) return this.#malformed(environment, number, error);
    this.#all.failed(environment, number, error);
  }

  /** A secret of the grant, which has the number `index` in `lib/options/source.js`. */
  source(environment, number, index, session, epoch, request) {
    this.#all.settle(
      { session, epoch, request },
      () => this.#all.user.sources[index](),
      (secret) => {
        environment.replySecret(number, secret);
        // The key that was made for this crossing.
        if (typeof secret !== 'string') secret.fill(0);
      },
      (error) => this.#all.failed(environment, number, error, this.#all.user.saidOf(error)),
    );
  }
}

/** A thrown value may be a Proxy, which can throw even at `instanceof`. */
function isMalformed(error) {
  try {
    return error instanceof MalformedTokens;
  } catch {
    return false;
  }
}

exports.TokenCallbacks = TokenCallbacks;
