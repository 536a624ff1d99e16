'use strict';

// An API whose refresh token is a cookie that rotates, as axios-token-rotator's users have it. A spent one that comes back
// ends the session.

const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { createServer } = require('node:http');

const made = () => randomBytes(9).toString('base64url');

class CookieServer {
  url;
  /** Where /redirect leads. */
  elsewhere;
  /** { method, path, authorization, cookie, body, status } of each request, in the order of the answers. */
  requests = [];
  /** Their paths, in the order of their arrival. */
  arrived = [];
  /** Of refreshes that arrived, and those that were answered with a token. */
  asked = 0;
  refreshes = 0;
  reuses = 0;
  #http;
  #access;
  #cookie;
  #spent = new Set();
  #gate;
  #held;
  #answers = [];

  async listen() {
    this.#http = createServer((request, response) => this.#serve(request, response)).listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    this.url = `http://127.0.0.1:${this.#http.address().port}`;
    return this;
  }

  async close() {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  /** A login's tokens, the second one as a cookie. */
  login() {
    this.#access = made();
    this.#cookie = made();
    return { accessToken: this.#access, cookie: this.#cookie };
  }

  /** The access token is not taken any more. */
  expire() {
    this.#access = null;
  }

  /** Refreshes wait for this promise. */
  hold(gate) {
    this.#gate = gate;
  }

  /** Requests to /api/held/ wait for this promise, before their token is looked at. */
  holdRequests(gate) {
    this.#held = gate;
  }

  /** The next refreshes are answered with these statuses, `null` as usual. */
  answer(...statuses) {
    this.#answers.push(...statuses);
  }

  to(path) {
    return this.requests.filter((request) => request.path === path);
  }

  async #serve(request, response) {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { authorization, cookie, ...headers } = request.headers;
    const [path] = request.url.split('?');
    this.arrived.push(path);
    const answer = await this.#answer(path, authorization, cookie);
    this.requests.push({ method: request.method, path, authorization, cookie, body, status: answer.status });
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.body ?? { authorization, cookie, headers }));
  }

  async #answer(path, authorization, cookie) {
    if (path === '/api/auth/refresh' || path === '/v2/token') return this.#refresh(cookie);
    if (path === '/login') return this.#login();
    if (path.startsWith('/public/')) return { status: 200 };
    if (path === '/redirect') return { status: 302, headers: { location: this.elsewhere } };
    if (path.startsWith('/api/held/')) await this.#held;
    if (path.startsWith('/status/')) return { status: Number(path.split('/')[2]) };
    return { status: authorization === `Bearer ${this.#access}` && this.#access ? 200 : 401 };
  }

  #login() {
    const { accessToken, cookie } = this.login();
    return { status: 200, body: { accessToken }, headers: { 'set-cookie': this.#setCookie(cookie) } };
  }

  async #refresh(cookie) {
    this.asked += 1;
    await this.#gate;
    const status = this.#answers.shift() ?? null;
    if (status !== null) return { status, body: { error: 'as told' } };
    const sent = /(?:^|; )rt=([^;]*)/.exec(cookie ?? '')?.[1];
    if (this.#spent.has(sent)) {
      this.reuses += 1;
      this.#cookie = undefined;
    }
    if (sent === undefined || sent !== this.#cookie) return { status: 401, body: { error: 'no session' } };
    this.#spent.add(sent);
    this.refreshes += 1;
    const { accessToken } = this.login();
    const headers = { 'set-cookie': this.#setCookie(this.#cookie) };
    return { status: 200, body: { accessToken, wsToken: `ws ${this.refreshes}` }, headers };
  }

  #setCookie(value) {
    return [`rt=${value}; HttpOnly; Path=/api/auth; SameSite=Strict`, 'seen=1; Path=/'];
  }
}

module.exports = { startCookieServer: () => new CookieServer().listen() };
