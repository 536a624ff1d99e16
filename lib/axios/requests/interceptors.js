'use strict';

// What becomes of an instance's requests: sent with the session's token, judged, and sent again if the token was the
// trouble. `src/engine/client.rs` does the same for the client's own requests.

const { ClientClosedError, bodyNotReplayable } = require('../../errors.js');
const { deleteHeader } = require('./header-bag.js');
const { Sent } = require('./sent-request.js');
const { LATE, LEFT, canceled, hasLeft, tooLate, waiting } = require('../session/wait-with-timeout.js');

class Interceptors {
  #api;
  #session;
  #policy;
  #header;
  #origins;
  /** Whether an error says that the token is expired. */
  #isExpired;
  /** Takes note of what the program has done before a request is made, a promise if that takes time; or nothing. */
  #before;
  /** Makes a token the session's if the program's store has it; or nothing. */
  #adopts;
  #ids;

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

  /** Requests on the wire come back to nothing. */
  eject() {
    if (this.#ids === undefined) return;
    const [request, response] = this.#ids;
    this.#api.interceptors.request.eject(request);
    this.#api.interceptors.response.eject(response);
    this.#ids = undefined;
  }

  /** Waits only where it must: this is on every request's way. */
  #send(config) {
    if (this.#ids === undefined) return config;
    const sent = Sent.of(config);
    // Another session of this instance has it.
    if (sent?.authorised !== undefined && sent.owner !== this) return config;
    if (config.skipAuthRefresh || this.#session.isInside) return this.#pass(config);
    if (sent?.isNext) return this.#dress(config, sent, sent.take());
    const looking = this.#before?.();
    if (looking !== undefined)
      return this.#wait(
        config,
        looking.then(() => this.#authorise(config)),
      );
    const authorised = this.#authorise(config);
    if (authorised instanceof Promise) return this.#wait(config, authorised);
    return this.#dress(config, new Sent(this, config), authorised);
  }

  async #wait(config, work) {
    const authorised = await this.#patiently(work, config);
    // axios says so itself, before anything is sent.
    if (authorised === LEFT) return config;
    return this.#dress(config, new Sent(this, config), authorised);
  }

  /** Undefined for a request that carries no token of ours. */
  #authorise(config) {
    const isForeign = this.#policy.explicitHeader === 'kept' && this.#header.isForeign(config);
    if (isForeign || !this.#origins.trusts(config)) return undefined;
    return this.#session.authorise();
  }

  #dress(config, sent, authorised) {
    const takesToken = authorised !== undefined && authorised.token !== null;
    const isOurs = takesToken ? this.#origins.claims(config) : authorised !== undefined;
    sent.authorised = isOurs ? authorised : undefined;
    if (!isOurs) return this.#undress(config);
    if (takesToken) this.#guard(config, this.#header.attach(config, authorised.token));
    else this.#header.withdraw(config);
    return config;
  }

  /** A request that takes no part; what a rotation itself asks for is one. */
  #pass(config) {
    if (!this.#session.isInside || this.#policy.explicitHeader === 'kept') return this.#undress(config);
    const { token } = this.#session;
    if (token !== null && this.#origins.claims(config)) this.#header.attach(config, token);
    return config;
  }

  /** What the instance's defaults add to every request must not go everywhere either. */
  #undress(config) {
    if (!this.#header.isOurs(config)) return config;
    if (this.#origins.claims(config)) this.#guard(config, this.#header.names);
    else this.#header.detach(config);
    return config;
  }

  /** A redirect to anywhere else goes without the token, whatever its header is called. */
  #guard(config, names) {
    const { beforeRedirect } = config;
    const sent = Sent.of(config);
    config.beforeRedirect = (options, ...rest) => {
      if (!this.#origins.trustsUrl(options.href)) {
        if (sent) sent.hasStrayed = true;
        for (const name of names) deleteHeader(options, name);
      }
      beforeRedirect?.(options, ...rest);
    };
  }

  #take(answer) {
    const sent = Sent.of(answer?.config);
    // A program may take 401 for a success.
    if (sent?.owner === this && sent.authorised !== undefined && !sent.hasStrayed && answer.status !== 401) {
      this.#session.accepted(sent.authorised);
    }
    return answer;
  }

  async #judge(error) {
    const config = error?.config;
    if (this.#ids === undefined || !config || config.skipAuthRefresh) throw error;
    const sent = Sent.of(config);
    // Nor does another host's answer say anything about the token.
    if (sent?.owner !== this || sent.hasStrayed || hasLeft(config)) throw error;
    if (!this.#isExpired(error)) {
      if (error.response && sent.authorised) this.#session.accepted(sent.authorised);
      throw error;
    }
    const next = await this.#patiently(this.#instead(sent, config, error), config);
    if (next === LEFT) throw await canceled(config);
    if (next === null) throw error;
    if (!sent.isReplayable) throw marked(error);
    sent.refreshed ||= next.refreshed === true;
    discard(error.response);
    return this.#api.request(sent.again(config, next));
  }

  /** What to send it with instead, or null. */
  async #instead(sent, config, error) {
    if (sent.authorised === undefined) {
      if (!(await this.#adopted(config))) return null;
      sent.authorised = await this.#session.authorise();
    }
    if (sent.isSpent || (sent.refreshed && !this.#session.isStale(sent.authorised))) return null;
    return this.#session.rejected(sent.authorised, error);
  }

  /** A credential that was not known here may be the session's after all, if the program's store says so. */
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

/** `responseType: 'stream'`: nobody will read it, and it would keep its connection from the replay. */
function discard(response) {
  const body = response?.data;
  if (typeof body?.pipe === 'function') body.destroy?.();
  // As axios' fetch adapter has it.
  else if (typeof body?.getReader === 'function') body.cancel().catch(() => {});
}

/** The caller's own 401, and why it was not sent again. Not enumerable, as axios' adapters have it. */
function marked(error) {
  const value = bodyNotReplayable();
  return Object.defineProperty(error, 'cause', {
    __proto__: null,
    value,
    writable: true,
    configurable: true,
  });
}

module.exports = { Interceptors };
