'use strict';

// Hooks, the log, and the warnings about them. Rust waits for none of these.

const { tokensFromArray, warn } = require('../tokens.js');
const { observe } = require('./observe.js');

/** @import { Callbacks } from './callbacks.js' */

/** So many writes in a row fail before the warning: the last of them comes a third of a second after the first. */
const FAILED_WRITES = 4;

class Hooks {
  #all;
  /** Of sessions whose last write failed; undefined after the warning. @type {Map<string, number> | undefined} */
  #failedWrites = new Map();
  /** @type {Set<string>} */
  #noticed = new Set();

  /** @param {Callbacks} all */
  constructor(all) {
    this.#all = all;
  }

  rotationBegins(_environment, _number, session, epoch, cause) {
    this.#all.rotations.begin(session, epoch, cause);
  }

  rotationEnds(_environment, _number, session, epoch, outcome, code, generation, leaseWait) {
    this.#all.rotations.end(session, epoch, outcome, code, generation, leaseWait);
  }

  onBeforeRefresh(_environment, _number, session, epoch, attempt) {
    this.#all.rotations.refresh(session, epoch, attempt);
    this.#debug('a refresh begins', session);
    this.#hook('onBeforeRefresh', session);
  }

  /** Without `tokens` if there is no such hook: tokens of a grant stay in Rust then. */
  onRefreshed(_environment, _number, session, tokens) {
    this.#debug('the tokens were rotated', session);
    if (tokens !== undefined) this.#hook('onRefreshed', session, tokensFromArray(tokens));
  }

  onRefreshFailed(_environment, _number, session, raw) {
    this.#log('the refresh failed', session, raw);
    this.#hook('onRefreshFailed', session, this.#all.crossing.errorFromNative(raw, session));
  }

  onPersistFailed(_environment, _number, session, raw) {
    this.#log('the tokens could not be stored', session, raw);
    if (this.#all.user.onPersistFailed === undefined) this.#countFailedWrite(session);
    this.#hook('onPersistFailed', session, this.#all.crossing.errorFromNative(raw, session));
  }

  onSuperseded(_environment, _number, session, tokens) {
    this.#debug('another login has overtaken a refresh', session);
    if (tokens !== undefined) this.#hook('onSuperseded', session, tokensFromArray(tokens));
  }

  /** The logout itself counts. */
  onRevokeFailed(_environment, _number, session, raw) {
    this.#log('the tokens of a login that has ended were not revoked', session, raw);
    this.report(this.#all.crossing.errorFromNative(raw, session), 'revokeOnLogout', session);
  }

  logout(_environment, _number, session) {
    this.#debug('the session is lost', session);
    this.#all.tell('lost', session);
    this.#hook('logout', session);
  }

  /** A write of this session has succeeded. @param {string} session */
  stored(session) {
    this.#failedWrites?.delete(session);
  }

  /**
   * Warns once of a `setTokens` that fails again and again: else it would be noticed after the next restart, when all sessions
   * are gone. A store that hiccups is no reason, because the write is repeated.
   */
  #countFailedWrite(session) {
    if (this.#failedWrites === undefined) return;
    const failed = (this.#failedWrites.get(session) ?? 0) + 1;
    this.#failedWrites.set(session, failed);
    if (failed < FAILED_WRITES) return;
    this.#failedWrites = undefined;
    const text =
      'setTokens fails, so that the newest tokens are in memory only; set onPersistFailed to see why';
    process.emitWarning(text, { code: 'TOKEN_ROTATOR_HOOK' });
  }

  #debug(line, session) {
    const { rotations, user } = this.#all;
    this.#guarded('logger', session, () => user.logger?.debug(line, rotations.about(session)));
  }

  /** @param {string} message @param {string} session @param {import('../crossing/native-errors.js').RawError} raw */
  #log(message, session, raw) {
    const { crossing, rotations, user } = this.#all;
    const error = crossing.errorWithoutCause(raw, session);
    const about = rotations.about(session);
    this.#guarded('logger', session, () => user.logger?.error(message, error, about));
  }

  #hook(name, session, ...args) {
    this.#guarded(name, session, () => this.#all.user[name]?.(...args, { session }));
  }

  #guarded(name, session, work) {
    try {
      const result = this.#all.rotations.within(session, undefined, work);
      observe(result, (error) => this.report(error, name, session));
    } catch (error) {
      this.report(error, name, session);
    }
  }

  /** Warns of a part of tokens that is left out, once for each text. @param {string} text */
  notice = (text) => {
    if (this.#noticed.has(text)) return;
    this.#noticed.add(text);
    warn(text);
  };

  /** A hook failed. The warning does not show what it threw, which may hold a token. */
  report(error, name, session) {
    const { onHookError } = this.#all.user;
    if (onHookError === undefined || name === 'onHookError') {
      process.emitWarning(`${name} threw; set onHookError to see what`, { code: 'TOKEN_ROTATOR_HOOK' });
      return;
    }
    this.#guarded('onHookError', session, () => onHookError(error, name, { session }));
  }
}

exports.Hooks = Hooks;
