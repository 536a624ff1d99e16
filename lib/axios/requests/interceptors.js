'use strict';

// An instance's interceptors: a request is sent with the session's token, and again with another one if a server rejects it.

const { ClientClosedError } = require('../../errors.js');
const { ReplayPolicy } = require('../../replay-policy.js');
const { deleteHeader } = require('./header-bag.js');
const { SentRequest } = require('./sent-request.js');
const { LATE, LEFT, canceled, hasLeft, tooLate, waiting } = require('../session/wait-with-timeout.js');

class Interceptors {
  #api;
  #session;
  #policy;
  #header;
  #origins;
  #isExpired;
  #before;
  #adopts;
  #ids;

  /**
   * `isExpired(error)`: the server says that the token is expired.
   * `before()`: finds out what the program did before this request, a promise if that takes time. Optional.
   * `adopts(token)`: makes a token the session's if the program's store has it. Optional.
   */
  constructor({ api, session, policy, header, origins, isExpired, before, adopts }) {
    this.#api = api;
    this.#session = session;
    this.#policy = policy;
    this.#header = header;
    this.#origins = origins;
    this.#isExpired = isExpired;
    this.#before = before;
    this.#adopts = adopts;
    const { request, response } = api.interceptors;
    this.#ids = [
      request.use((config) => this.#send(config)),
      response.use(
        (answer) => this.#take(answer),
        (error) => this.#judge(error),
      ),
    ];
  }

  /** Requests on the wire get their answers as they are. */
  eject() {
    if (this.#ids === undefined) return;
    const [request, response] = this.#ids;
    this.#api.interceptors.request.eject(request);
    this.#api.interceptors.response.eject(response);
    this.#ids = undefined;
  }

  /** Returns a promise only where it must, because every request comes by here. */
  #send(config) {
    if (this.#ids === undefined) return config;
    const sent = SentRequest.of(config);
    // Another installation on this instance has attached its token.
    if (sent?.credential !== undefined && sent.owner !== this) return config;
    if (config.skipAuthRefresh || this.#session.isInside) return this.#pass(config);
    if (sent?.isReplay) return this.#dress(config, sent, sent.takeNext());
    const looking = this.#before?.();
    const credential =
      looking === undefined ? this.#credential(config) : looking.then(() => this.#credential(config));
    if (credential instanceof Promise) return this.#wait(config, credential);
    return this.#dress(config, this.#sent(config), credential);
  }

  async #wait(config, work) {
    const credential = await this.#patiently(work, config);
    // axios throws the error of an abort itself, before it sends anything.
    if (credential === LEFT) return config;
    return this.#dress(config, this.#sent(config), credential);
  }

  #sent(config) {
    return new SentRequest(this, config, new ReplayPolicy(this.#session, true));
  }

  /** Undefined for a request that the session has no part in. */
  #credential(config) {
    const isForeign = this.#policy.explicitHeader === 'kept' && this.#header.isForeign(config);
    return isForeign || !this.#origins.trusts(config) ? undefined : this.#session.authorise();
  }

  #dress(config, sent, credential) {
    const hasToken = credential !== undefined && credential.token !== null;
    const isOurs = hasToken ? this.#origins.claims(config) : credential !== undefined;
    sent.credential = isOurs ? credential : undefined;
    if (!isOurs) return this.#undress(config);
    if (hasToken) this.#guard(config, this.#header.attach(config, credential.token));
    else this.#header.withdraw(config);
    return config;
  }

  /** A request with `skipAuthRefresh`, or of a callback that a rotation waits for. It waits for nothing. */
  #pass(config) {
    if (!this.#session.isInside || this.#policy.explicitHeader === 'kept') return this.#undress(config);
    const { token } = this.#session;
    if (token !== null && this.#origins.claims(config)) this.#header.attach(config, token);
    return config;
  }

  /** The token of the instance's defaults must not go to other origins either. */
  #undress(config) {
    if (!this.#header.isOurs(config)) return config;
    if (this.#origins.claims(config)) this.#guard(config, this.#header.names);
    else this.#header.detach(config);
    return config;
  }

  /** A redirect to another origin goes without the token, whatever its header is called. */
  #guard(config, names) {
    const { beforeRedirect } = config;
    const sent = SentRequest.of(config);
    config.beforeRedirect = (options, ...rest) => {
      if (!this.#origins.trustsUrl(options.href)) {
        if (sent) sent.hasStrayed = true;
        for (const name of names) deleteHeader(options, name);
      }
      beforeRedirect?.(options, ...rest);
    };
  }

  #take(answer) {
    const sent = SentRequest.of(answer?.config);
    // `validateStatus` may take 401 for a success.
    if (sent?.owner === this && sent.credential !== undefined && !sent.hasStrayed && answer.status !== 401) {
      this.#session.accepted(sent.credential);
    }
    return answer;
  }

  async #judge(error) {
    const config = error?.config;
    if (this.#ids === undefined || !config || config.skipAuthRefresh) throw error;
    const sent = SentRequest.of(config);
    // The answer of an origin that the token does not go to says nothing about the token.
    if (sent?.owner !== this || sent.hasStrayed || hasLeft(config)) throw error;
    if (!this.#isExpired(error)) {
      if (error.response && sent.credential) this.#session.accepted(sent.credential);
      throw error;
    }
    const next = await this.#patiently(this.#next(sent, config, error), config);
    if (next === LEFT) throw await canceled(config);
    if (next === null) throw error;
    if (next instanceof Error) throw withCause(error, next);
    discard(error.response);
    return this.#api.request(sent.again(config, next));
  }

  /** As `ReplayPolicy.next`. */
  async #next(sent, config, error) {
    if (sent.credential === undefined) {
      if (!(await this.#adopted(config))) return null;
      sent.credential = await this.#session.authorise();
    }
    return sent.replay.next(sent.credential, () => sent.isReplayable, error);
  }

  /** A credential that was unknown when the request was sent may be the session's by now, if the program's store has it. */
  async #adopted(config) {
    const token = this.#adopts && this.#header.token(config);
    return token !== undefined && this.#origins.trusts(config) && this.#adopts(token);
  }

  async #patiently(work, config) {
    let result;
    try {
      result = await waiting(work, config);
    } catch (error) {
      if (!(error instanceof ClientClosedError)) throw error;
      throw await canceled(config, 'auth refresher uninstalled');
    }
    if (result === LATE) throw await tooLate(config);
    return result;
  }
}

/** The stream of an answer that is replaced is not read, and would keep its connection from the replay. */
function discard(response) {
  const body = response?.data;
  if (typeof body?.pipe === 'function') body.destroy?.();
  // A web stream, from axios' fetch adapter.
  else if (typeof body?.getReader === 'function') body.cancel().catch(() => {});
}

/** The caller's own 401, with the reason why it was not sent again. Not enumerable, as in axios' adapters. */
function withCause(error, value) {
  return Object.defineProperty(error, 'cause', {
    __proto__: null,
    value,
    writable: true,
    configurable: true,
  });
}

module.exports = { Interceptors };
