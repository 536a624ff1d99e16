'use strict';

// An instance's interceptors: a request is sent with the session's token, and again with another one if a server rejects it.

const { ReplayPolicy } = require('../../external/replay-policy.js');
const { withCause } = require('../failure.js');
const { deleteHeader, getHeader } = require('./header-bag.js');
const { SentRequest } = require('./sent-request.js');
const { hasLeft, patiently } = require('./wait-with-timeout.js');

/**
 * @typedef {object} Parts
 * @property {import('axios').AxiosInstance} api
 * @property {import('../session/session.js').AuthSession} session
 * @property {import('../session/session.js').Policy} policy
 * @property {import('./auth-header.js').AuthHeader | import('./custom-token.js').CustomToken} header
 * @property {import('./origins.js').OriginRule} origins
 * @property {(error: any) => boolean} isExpired  the server says that the token is expired
 * @property {boolean} [judges]  `isExpired` is the program's, so that a missing scope counts as it says
 * @property {() => Promise<void> | undefined} [before]  finds out what the program did before this request
 * @property {(config: any) => Promise<boolean>} [adopts]  makes a request's token the session's if the program's store has it
 */

class Interceptors {
  #session;
  #header;
  #origins;
  #parts;
  #ids;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#session = parts.session;
    this.#header = parts.header;
    this.#origins = parts.origins;
    const { request, response } = parts.api.interceptors;
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
    const { request, response } = this.#parts.api.interceptors;
    request.eject(this.#ids[0]);
    response.eject(this.#ids[1]);
    this.#ids = undefined;
  }

  /** Returns a promise only where it must, because every request comes by here. */
  #send(config) {
    if (this.#ids === undefined) return config;
    const sent = SentRequest.of(config);
    // Another installation on this instance has attached its token.
    if (sent?.credential !== undefined && sent.owner !== this) return config;
    if (config.skipAuthRefresh || this.#session.scope.isActive) return this.#pass(config);
    const next = sent?.takeNext();
    if (next !== undefined) return this.#dress(config, next, sent);
    const looking = this.#parts.before?.();
    const credential =
      looking === undefined ? this.#credential(config) : looking.then(() => this.#credential(config));
    if (!(credential instanceof Promise)) return this.#dress(config, credential);
    return patiently(credential, config).then((given) => this.#dress(config, given));
  }

  /** Undefined for a request that the session has no part in. */
  #credential(config) {
    const isForeign = this.#header.isForeign(config) || !this.#origins.trusts(config);
    return isForeign ? undefined : this.#session.authorise();
  }

  #dress(
    config,
    credential,
    sent = new SentRequest(this, config, new ReplayPolicy(this.#session, endpoint(config))),
  ) {
    const hasToken = credential !== undefined && credential.token !== null;
    const isOurs = hasToken ? this.#origins.claims(config) : credential !== undefined;
    sent.credential = isOurs ? credential : undefined;
    if (!isOurs) return this.#undress(config);
    if (hasToken) this.#guard(config, this.#header.attach(config, credential.token));
    else this.#header.withdraw(config);
    sent.traceTry(config, this.#session, this.#header.names);
    return config;
  }

  /** A request with `skipAuthRefresh`, or of a callback that a rotation waits for. It waits for nothing. */
  #pass(config) {
    if (!this.#session.scope.isActive || this.#parts.policy.explicitHeader === 'kept')
      return this.#undress(config);
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
      this.#session.accepted(sent.credential, sent.replay.sent);
    }
    if (sent?.owner === this) sent.traceEnd(answer.status);
    return answer;
  }

  /** Only a request that is traced gets a promise around that of `#judged`, because each of those that wait would hold one. */
  #judge(error) {
    const sent = SentRequest.of(error?.config);
    const isUntraced = sent?.owner !== this || sent.isUntraced;
    return isUntraced ? this.#judged(error, sent) : this.#judgedAndTraced(error, sent);
  }

  async #judgedAndTraced(error, sent) {
    sent.traceTryEnd(error);
    try {
      return await this.#judged(error, sent);
    } catch (thrown) {
      sent.traceFailure(thrown);
      throw thrown;
    }
  }

  async #judged(error, sent) {
    const config = error?.config;
    if (this.#ids === undefined || !config || config.skipAuthRefresh) throw error;
    // The answer of an origin that the token does not go to says nothing about the token.
    if (sent?.owner !== this || sent.hasStrayed || hasLeft(config)) throw error;
    if (!this.#parts.isExpired(error)) {
      // A failing server, or a gateway before it, may not have looked at the token.
      if (error.response?.status < 500 && sent.credential)
        this.#session.accepted(sent.credential, sent.replay.sent);
      throw error;
    }
    const replacement =
      sent.credential === undefined ? this.#adopted(sent, config, error) : this.#next(sent, error);
    const next = await patiently(replacement, config);
    if (next === null) throw error;
    // The caller's own 401, with the reason why it was not sent again.
    if (next instanceof Error) throw withCause(error, next);
    discard(error.response);
    return this.#parts.api.request(sent.again(config, next));
  }

  /** A credential that was unknown when the request was sent may be the session's by now. */
  async #adopted(sent, config, error) {
    if (!(await this.#parts.adopts?.(config))) return null;
    sent.credential = await this.#session.authorise();
    return this.#next(sent, error);
  }

  /** As `ReplayPolicy.next`. */
  #next(sent, error) {
    const challenge = this.#parts.judges ? undefined : getHeader(error.response?.headers, 'www-authenticate');
    const text = challenge && String(challenge);
    return sent.replay.next(sent.credential, text, () => sent.isReplayable, error);
  }
}

/** Names the endpoint to the engine. The text need be no URL, only the same for the same endpoint. */
function endpoint({ method, baseURL, url }) {
  return `${method} ${baseURL ?? ''}/${url}`;
}

/** The stream of an answer that is replaced is not read, and would keep its connection from the replay. */
function discard(response) {
  const body = response?.data;
  if (typeof body?.pipe === 'function') body.destroy?.();
  // A web stream, from axios' fetch adapter.
  else if (typeof body?.getReader === 'function') body.cancel().catch(() => {});
}

exports.Interceptors = Interceptors;
