'use strict';

// The token endpoint that the processes ask. It forwards to the authorization server, remembers which process spent which
// token, and lets a fault strike at a step of one refresh.

const { createHash } = require('node:crypto');
const { once } = require('node:events');
const { createServer } = require('node:http');

/** The steps: the request is there; the server has rotated; the answer was handed to the kernel. */
const STEPS = ['arrived', 'rotated', 'answered'];

class TokenEndpoint {
  #server;
  #http = createServer((request, response) => this.#serve(request, response));
  #armed;
  /** In order: `{ token, issued, worker, at, status, delivered, committedAt, isUnsaved }`. Tokens are fingerprints. */
  spends = [];

  constructor(server) {
    this.#server = server;
  }

  async listen() {
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    this.url = `http://127.0.0.1:${this.#http.address().port}/token`;
  }

  /** `strike(spend, cut)` is called once, when the next refresh comes to this step; `cut` breaks its connection. */
  arm(step, strike) {
    this.#armed = { step, strike };
  }

  /** Called when `worker` has committed what it last spent, before anybody uses it. */
  committed(worker, token) {
    const spend = this.#spendOf(worker, token);
    if (spend) spend.committedAt ??= Date.now();
  }

  /** Called when the store has failed to take what `worker` last spent. It serves from memory, and ends with its process. */
  unsaved(worker, token) {
    const spend = this.#spendOf(worker, token);
    if (spend) spend.isUnsaved = true;
  }

  #spendOf(worker, token) {
    return this.spends.findLast((it) => it.worker === worker && it.token === token);
  }

  close() {
    this.#http.closeAllConnections();
    return new Promise((resolve) => this.#http.close(resolve));
  }

  async #serve(request, response) {
    request.on('error', () => {});
    response.on('error', () => {});
    const body = (
      await request
        .setEncoding('utf8')
        .toArray()
        .catch(() => [])
    ).join('');
    if (!request.complete) return; // Killed before its request was whole: nothing was spent.
    const spend = {
      token: fingerprint(new URLSearchParams(body).get('refresh_token')),
      issued: null,
      worker: request.headers['x-worker'],
      at: Date.now(),
      status: 0,
      delivered: null,
      committedAt: null,
      isUnsaved: false,
    };
    this.spends.push(spend);
    response.once('close', () => (spend.delivered ??= response.writableFinished));
    await this.#strike('arrived', spend, response);
    const answer = await fetch(this.#server.tokenEndpoint, {
      method: 'POST',
      body,
      headers: { 'content-type': request.headers['content-type'] },
    });
    const text = await answer.text();
    spend.status = answer.status;
    spend.issued = answer.ok ? fingerprint(JSON.parse(text).refresh_token) : null;
    await this.#strike('rotated', spend, response);
    if (spend.delivered === false) return;
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    await new Promise((resolve) => response.end(text, resolve));
    await this.#strike('answered', spend, response);
  }

  #strike(step, spend, response) {
    if (this.#armed?.step !== step) return undefined;
    const { strike } = this.#armed;
    this.#armed = undefined;
    const cut = () => {
      spend.delivered = false;
      response.socket?.destroy();
    };
    return strike(spend, cut);
  }
}

/** Tells tokens apart in results that people read. */
function fingerprint(token) {
  return createHash('sha256').update(String(token)).digest('hex').slice(0, 12);
}

module.exports = { STEPS, TokenEndpoint, fingerprint };
