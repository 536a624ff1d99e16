'use strict';

// Calls a client's callbacks. Whatever they do, Rust gets exactly one answer, and nothing that they throw escapes.
// docs/callbacks.md has the table.

const { TokenRotatorError } = require('../errors.js');
const { uploads } = require('../crossing/environment.js');
const { NativeAnswer } = require('../crossing/native-answer.js');
const { errorFromNative, errorWithoutCause, keep } = require('../crossing/native-errors.js');

/** Loaded with the first tokens, so that the package itself loads sooner. @type {typeof import('../tokens.js') | undefined} */
let tokensJs;
const tokensFile = () => (tokensJs ??= require('../tokens.js'));

/** Loaded with the first client, for the same reason. @type {typeof import('../tracing/rotations.js') | undefined} */
let rotationsJs;

/** Visible ASCII, with spaces only between other characters. */
const ONE_LINE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** So many writes in a row fail before the warning: the last of them comes a third of a second after the first. */
const FAILED_WRITES = 4;

/** From the `context` of a refresh to the login that the tokens are for. @type {WeakMap<object, number>} */
const epochs = new WeakMap();

class Callbacks {
  /** How many callbacks that a rotation waits for are in their synchronous part: see `assertNotInside`. */
  #running = 0;
  #user;
  /** Of sessions whose last write failed; undefined after the warning. @type {Map<string, number> | undefined} */
  #failedWrites = new Map();
  /** @type {Set<string>} */
  #noticed = new Set();
  /** Of the calls of `refresh` and of the transport that are under way, by number. @type {Map<number, AbortController>} */
  #aborts = new Map();
  /** Null after `close`. @type {import('./watch.js').Watch | null | undefined} */
  #watch;
  #rotations;
  /** Requests whose tries are traced, by number. @type {Map<number, import('../tracing/traced-request.js').TracedRequest>} */
  traced = new Map();

  constructor(user) {
    this.#user = user;
    rotationsJs ??= require('../tracing/rotations.js');
    this.#rotations = new rotationsJs.Rotations();
  }

  /** The number by which the channels know this client. */
  get client() {
    return this.#rotations.client;
  }

  /** @param {'login' | 'logout' | 'lost'} event @param {string} session */
  tell(event, session) {
    this.#rotations.tell(event, session);
  }

  // -- a rotation waits for these; `number` is what to answer to --

  refresh(environment, number, refreshToken, session, attempt, epoch, claims) {
    const abort = new AbortController();
    this.#aborts.set(number, abort);
    const context = { session, attempt, signal: abort.signal, ...(claims !== null && { claims }) };
    epochs.set(context, epoch);
    let returned;
    const answered = () => this.#aborts.delete(number);
    this.#settle(
      { session, epoch },
      () => this.#user.refresh(refreshToken, context),
      (result) => {
        answered();
        returned = result;
        const read = this.#newTokens(result, refreshToken);
        if (environment.replyTokens(number, read)) return;
        // Rust has given this call up, so that nobody uses its tokens.
        const { accessToken, refreshToken: next, expiresAt, extra, refreshAt } = read;
        this.onSuperseded(environment, number, session, [accessToken, next, expiresAt, extra, refreshAt]);
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
      return tokensFile().readTokens(result, 'refresh', this.notice, sent);
    } catch (error) {
      throw require('./refresh-evidence.js').isReturnedError(result) ? result : error;
    }
  }

  async #refreshFailed(environment, number, error, session, returned) {
    // Loaded here, because most programs never need them.
    const { bodyOf, unreadAnswer } = require('./refresh-evidence.js');
    const answer = unreadAnswer(isMalformed(error) ? returned : error);
    const body = answer === undefined ? undefined : await bodyOf(answer);
    if (isMalformed(error))
      return this.#malformed(environment, number, error, tokensFile().refreshTokenInText(body));
    const { describeRefreshError } = require('./refresh-error.js');
    const { isRefreshFailureTerminal } = this.#user;
    const isTerminal =
      isRefreshFailureTerminal && ((thrown) => isRefreshFailureTerminal(thrown, { session }));
    const report = (thrown, hook) => this.report(thrown, hook, session);
    const { kind, retryAfter, said } = describeRefreshError(error, isTerminal, report, body);
    environment.replyFailed(number, kind, retryAfter ?? undefined, keep(error), said);
  }

  #malformed(environment, number, error, unread) {
    const refreshToken = tokensFile().MalformedTokens.refreshTokenOf(error) ?? unread;
    environment.replyFailed(number, 'malformed', undefined, keep(error), error.message, refreshToken);
  }

  /** Rust does not wait any more for the call of `refresh` with the number `refresh`. */
  abortRefresh(_environment, _number, refresh) {
    this.#aborts.get(refresh)?.abort(new DOMException('the refresh was given up', 'TimeoutError'));
    this.#aborts.delete(refresh);
  }

  getTokens(environment, number, session) {
    this.#settle(
      { session },
      () => this.#user.getTokens(session),
      (tokens) => {
        if (tokens === null || tokens === undefined) return environment.reply(number);
        environment.replyTokens(number, tokensFile().readTokens(tokens, 'store', this.notice));
      },
      (error) => this.#failed(environment, number, error),
    );
  }

  setTokens(environment, number, tokens, session) {
    this.#settle(
      { session },
      () => this.#user.setTokens(tokens === null ? null : tokensFile().tokensFromArray(tokens), session),
      () => {
        this.#failedWrites?.delete(session);
        environment.reply(number);
      },
      (error) => this.#failed(environment, number, error),
    );
  }

  read(environment, number, session) {
    this.#settle(
      { session },
      () => this.#user.register.read(session),
      (found) => {
        const document = require('./register.js').readDocument(found);
        if (document === null) return environment.reply(number);
        if (typeof document === 'string') return this.#wrong(environment, number, document);
        environment.replyDocument(number, document.record, document.version);
      },
      (error) => this.#failed(environment, number, error),
    );
  }

  compareAndSet(environment, number, session, record, version, expected) {
    this.#settle(
      { session },
      () => this.#user.register.compareAndSet(session, { record, version }, expected),
      (done) => {
        const verdict = require('./register.js').readVerdict(done);
        if (typeof verdict === 'string') return this.#wrong(environment, number, verdict);
        environment.reply(number, verdict);
      },
      (error) => this.#failed(environment, number, error),
    );
  }

  /** A secret of the grant, which has the number `index` in `lib/options/source.js`. */
  source(environment, number, index) {
    this.#settle(
      {},
      () => this.#user.sources[index](),
      (secret) => {
        environment.replySecret(number, secret);
        // The key that was made for this crossing.
        if (typeof secret !== 'string') secret.fill(0);
      },
      (error) => {
        const said = this.#user.saidOf(error);
        environment.replyFailed(number, 'unknown', undefined, keep(error), said);
      },
    );
  }

  /** Sends a request through the user's own transport. */
  async send(environment, number, method, url, lines, body) {
    const { describeFault, lengthOf, linesOf, toSent } = require('../transport.js');
    const abort = new AbortController();
    this.#aborts.set(number, abort);
    try {
      const came = await this.#user.transport(toSent(method, url, lines, body, abort.signal));
      const stream = came.body && { first: came.body, again: undefined, length: lengthOf(came) };
      const source = stream ? uploads().announce(stream, undefined) : undefined;
      const taken = environment.replyAnswer(number, came.status, came.reason, linesOf(came), source);
      if (!taken && source !== undefined) uploads().withdraw(source.number);
    } catch (error) {
      const { kind, cause, said } = describeFault(error);
      environment.replyFailed(number, kind, undefined, keep(cause), said);
    } finally {
      this.#aborts.delete(number);
    }
  }

  /** Rust does not wait any more for the call of `send` with the number `sent`. */
  abortSend(_environment, _number, sent) {
    this.#aborts.get(sent)?.abort();
    this.#aborts.delete(sent);
  }

  /**
   * Calls `work`, waits for what it returns, and calls either `done` or `failed`. If `done` throws, because the result is no
   * tokens, `failed` is called too.
   * @param {{ session?: string, epoch?: number }} rotation  in whose context `work` runs
   */
  #settle({ session, epoch }, work, done, failed) {
    let result;
    this.#running += 1;
    try {
      result = this.#rotations.within(session, epoch, work);
    } catch (error) {
      return failed(error);
    } finally {
      this.#running -= 1;
    }
    // The Promise constructor takes care of thenables that call back twice, throw late or throw on `then`.
    new Promise((resolve) => resolve(result)).then(done).catch(failed);
  }

  #failed(environment, number, error) {
    if (isMalformed(error)) return this.#malformed(environment, number, error);
    environment.replyFailed(number, 'unknown', undefined, keep(error));
  }

  /** @param {string} text  what is wrong with the answer of a register */
  #wrong(environment, number, text) {
    environment.replyFailed(number, 'unknown', undefined, keep(new TypeError(text)), text);
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

  // -- a request waits for these, which answer at once --

  format(environment, number, token) {
    try {
      const value = this.#user.format(token);
      if (typeof value === 'string' && ONE_LINE.test(value)) return environment.reply(number, value);
      observe(value);
      throw new TypeError('header.format must return a line of visible ASCII');
    } catch (error) {
      environment.replyFailed(number, 'unknown', undefined, keep(error));
    }
  }

  isSessionExpired(environment, number, session, status, head, body, networkError) {
    let opinion;
    try {
      const answer = this.#user.isSessionExpired(failureOf(status, head, body, networkError));
      if (observe(answer)) throw new TypeError('isSessionExpired must return a boolean, not a promise');
      opinion = Boolean(answer);
    } catch (error) {
      this.report(error, 'isSessionExpired', session);
    }
    environment.reply(number, opinion);
  }

  /** Replies with the headers that subscribers want in this try. */
  beginTry(environment, number, request, attempt, replays, retries, generation) {
    const traced = this.traced.get(request);
    environment.reply(number, traced?.begin(attempt, replays, retries, generation) ?? '');
  }

  // -- Rust does not wait for these --

  endTry(_environment, _number, request, status, errorCode) {
    this.traced.get(request)?.end(status, errorCode);
  }

  rotationBegins(_environment, _number, session, epoch, cause) {
    this.#rotations.begin(session, epoch, cause);
  }

  rotationEnds(_environment, _number, session, epoch, outcome, code, generation, leaseWait) {
    this.#rotations.end(session, epoch, outcome, code, generation, leaseWait);
  }

  /** Begins to tell Rust of changes in the register. `client` is the number of these callbacks. */
  watch(environment, _number, session, client) {
    if (this.#watch !== undefined) return;
    const { Watch } = require('./watch.js');
    const weak = new WeakRef(this);
    const told = (watches, changed) => environment.changed(client, watches, changed);
    const failed = (error) => weak.deref()?.report(error, 'store.watch', session);
    this.#watch = new Watch(this, this.#user.register.watch, told, failed);
  }

  endWatch() {
    this.#watch?.close();
    this.#watch = null;
  }

  onBeforeRefresh(_environment, _number, session, epoch, attempt) {
    this.#rotations.refresh(session, epoch, attempt);
    this.#debug('a refresh begins', session);
    this.#hook('onBeforeRefresh', session);
  }

  /** Without `tokens` if there is no such hook: tokens of a grant stay in Rust then. */
  onRefreshed(_environment, _number, session, tokens) {
    this.#debug('the tokens were rotated', session);
    if (tokens !== undefined) this.#hook('onRefreshed', session, tokensFile().tokensFromArray(tokens));
  }

  onRefreshFailed(_environment, _number, session, raw) {
    this.#log('the refresh failed', session, raw);
    this.#hook('onRefreshFailed', session, errorFromNative(raw, session));
  }

  onPersistFailed(_environment, _number, session, raw) {
    this.#log('the tokens could not be stored', session, raw);
    if (this.#user.onPersistFailed === undefined) this.#countFailedWrite(session);
    this.#hook('onPersistFailed', session, errorFromNative(raw, session));
  }

  onSuperseded(_environment, _number, session, tokens) {
    this.#debug('another login has overtaken a refresh', session);
    if (tokens !== undefined) this.#hook('onSuperseded', session, tokensFile().tokensFromArray(tokens));
  }

  /** The logout itself counts. */
  onRevokeFailed(_environment, _number, session, raw) {
    this.#log('the tokens of a login that has ended were not revoked', session, raw);
    this.report(errorFromNative(raw, session), 'revokeOnLogout', session);
  }

  logout(_environment, _number, session) {
    this.#debug('the session is lost', session);
    this.tell('lost', session);
    this.#hook('logout', session);
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
    this.#guarded('logger', session, () => this.#user.logger?.debug(line, this.#rotations.about(session)));
  }

  /** @param {string} message @param {string} session @param {import('../crossing/native-errors.js').RawError} raw */
  #log(message, session, raw) {
    const error = errorWithoutCause(raw, session);
    const about = this.#rotations.about(session);
    this.#guarded('logger', session, () => this.#user.logger?.error(message, error, about));
  }

  #hook(name, session, ...args) {
    this.#guarded(name, session, () => this.#user[name]?.(...args, { session }));
  }

  #guarded(name, session, work) {
    try {
      const result = this.#rotations.within(session, undefined, work);
      observe(result, (error) => this.report(error, name, session));
    } catch (error) {
      this.report(error, name, session);
    }
  }

  /** Warns of a part of tokens that is left out, once for each text. @param {string} text */
  notice = (text) => {
    if (this.#noticed.has(text)) return;
    this.#noticed.add(text);
    tokensFile().warn(text);
  };

  /** A hook failed. The warning does not show what it threw, which may hold a token. */
  report(error, name, session) {
    const { onHookError } = this.#user;
    if (onHookError === undefined || name === 'onHookError') {
      process.emitWarning(`${name} threw; set onHookError to see what`, { code: 'TOKEN_ROTATOR_HOOK' });
      return;
    }
    this.#guarded('onHookError', session, () => onHookError(error, name, { session }));
  }
}

/** A thrown value may be a Proxy, which can throw even at `instanceof`. */
function isMalformed(error) {
  try {
    return error instanceof tokensFile().MalformedTokens;
  } catch {
    return false;
  }
}

/** Takes a promise that is not awaited, because its rejection would end the process. Returns whether it is one. */
function observe(value, rejected = (_error) => {}) {
  const isPromise = typeof value?.then === 'function';
  if (isPromise) new Promise((resolve) => resolve(value)).catch(rejected);
  return isPromise;
}

/** The argument of `isSessionExpired`. `data` is parsed if the answer says that it is JSON. */
function failureOf(status, head, body, networkError) {
  if (status === 0) {
    const error = errorWithoutCause(networkError);
    return { status, data: undefined, headers: new Headers(), url: head, error };
  }
  const answer = new NativeAnswer([status, head, body]);
  const headers = new Headers();
  answer.appendHeaders(headers);
  return { status, data: body === null ? undefined : parsed(body, headers), headers, url: answer.url };
}

function parsed(body, headers) {
  const text = body.toString('utf8');
  if (!/[/+]json\b/i.test(headers.get('content-type') ?? '')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

exports.Callbacks = Callbacks;
exports.epochs = epochs;
