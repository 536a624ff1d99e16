'use strict';

const { EventEmitter, once } = require('node:events');
const { createServer } = require('node:http');
const { inspect } = require('node:util');
const { Api } = require('./api.js');
const { Faults } = require('./faults.js');
const { Forbidden } = require('./forbidden.js');
const { Ledger } = require('./ledger.js');
const { readOptions } = require('./options.js');
const { Patience } = require('./delays.js');
const { Responses } = require('./respond/responses.js');
const { Sessions } = require('./sessions.js');
const { TokenEndpoint } = require('./token-endpoint.js');
const { Watch } = require('./watch.js');
const { BodyTooLarge, pathOf, refuseBody, sendJson } = require('./wire.js');

// Longer than HTTP clients keep idle connections, so that it is never this side that closes one under a request.
const KEEP_ALIVE_MS = 75_000;
// A storm connects all at once; Node's default queue of 511 would make the rest wait for a TCP retransmission.
const BACKLOG = 4096;

/** One authorization server. Emits what happens: login, refresh, answered, reuse, lost, revoke, request, fault. */
class AuthServer extends EventEmitter {
  #options;
  #http;
  #url = '';
  #sessions;
  #faults;
  #patience = new Patience(() => this.#watch.changed());
  #ledger;
  #watch;
  #api;
  #forbidden = new Forbidden();
  #responses = new Responses();
  #tokenEndpoint;
  #closed;

  constructor(options) {
    super();
    this.#options = options;
    const journal = Ledger.open({
      ...options,
      held: () => this.#patience.held,
      notify: (event, details) => this.#tell(event, details),
    });
    this.#ledger = journal.ledger;
    this.#watch = new Watch(this.#ledger);
    this.#sessions = new Sessions(options, journal);
    this.#faults = new Faults(this.#patience, (hit) => {
      journal.count('faults');
      journal.note('fault', hit);
    });
    const parts = {
      options,
      sessions: this.#sessions,
      faults: this.#faults,
      patience: this.#patience,
      forbidden: this.#forbidden,
      responses: this.#responses,
      changed: () => this.#watch.changed(),
      journal,
    };
    this.#api = new Api(parts);
    this.#tokenEndpoint = new TokenEndpoint(parts);
    this.#http = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) =>
      this.#serve(request, response),
    );
  }

  async listen() {
    const { host, port } = this.#options;
    this.#http.listen({ host, port, backlog: BACKLOG });
    await once(this.#http, 'listening');
    const name = host.includes(':') ? `[${host}]` : host;
    this.#url = `http://${name}:${this.#http.address().port}`;
  }

  get url() {
    return this.#url;
  }

  get port() {
    return Number(new URL(this.#url).port);
  }

  get tokenEndpoint() {
    return `${this.#url}/token`;
  }

  get revocationEndpoint() {
    return `${this.#url}/revoke`;
  }

  get ledger() {
    return this.#ledger;
  }

  get clientSecret() {
    return this.#options.clientSecret;
  }

  set clientSecret(secret) {
    this.#options.clientSecret = readOptions({ clientSecret: secret }).clientSecret;
  }

  login(subject = 'user') {
    const { access, refresh } = this.#sessions.login(subject);
    const tokens = { accessToken: access.raw, refreshToken: refresh.raw };
    return this.#options.expiresIn ? { ...tokens, expiresAt: access.expiresAt } : tokens;
  }

  expire(subject) {
    return this.#sessions.expire(subject);
  }

  revoke(subject) {
    return this.#sessions.revoke(subject);
  }

  advance(ms) {
    if (!(typeof ms === 'number' && ms >= 0 && ms < Infinity)) throw new TypeError('ms must be a duration');
    this.#sessions.advance(ms);
  }

  fault(spec) {
    return this.#faults.add(spec);
  }

  forbid(path, options) {
    return this.#forbidden.add(path, options);
  }

  respond(path, answer, options) {
    return this.#responses.add(path, answer, options);
  }

  reset() {
    this.#responses.clear();
    this.#faults.clear();
    this.#forbidden.clear();
    this.release();
  }

  release() {
    return this.#patience.release();
  }

  waitFor(predicate, { timeout = 10_000 } = {}) {
    if (typeof predicate !== 'function') throw new TypeError('predicate must be a function');
    return this.#watch.until(predicate, timeout);
  }

  close() {
    this.#closed ??= new Promise((resolve) => {
      this.#patience.end();
      this.#watch.end();
      this.#http.close(resolve);
      this.#http.closeAllConnections();
    });
    return this.#closed;
  }

  [Symbol.asyncDispose]() {
    return this.close();
  }

  [inspect.custom](depth, options) {
    return `AuthServer ${inspect({ url: this.#url, reuse: this.#options.reuse, ledger: this.#ledger }, options)}`;
  }

  #tell(event, details) {
    this.emit(event, details);
    this.#watch.changed();
  }

  async #serve(request, response) {
    // A client may leave at any moment; what that means is read from the response, not from these.
    request.on('error', () => {});
    response.on('error', () => {});
    try {
      await this.#route(request, response);
    } catch (error) {
      if (request.destroyed && !request.complete) return;
      if (error instanceof BodyTooLarge) refuseBody(request, response, error);
      else if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: 'server_error', error_description: error.message });
    }
  }

  #route(request, response) {
    const path = pathOf(request);
    if (path !== '/token' && path !== '/revoke') return this.#api.serve(request, response);
    if (request.method !== 'POST')
      return sendJson(response, 405, { error: 'method_not_allowed' }, { allow: 'POST' });
    return path === '/token'
      ? this.#tokenEndpoint.token(request, response)
      : this.#tokenEndpoint.revoke(request, response);
  }
}

module.exports = { AuthServer };
