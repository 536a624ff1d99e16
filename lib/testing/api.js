'use strict';

const { isUtf8 } = require('node:buffer');
const { readBody, sendJson } = require('./wire.js');

const NO_TOKEN = { 'www-authenticate': 'Bearer' };
const FORBIDDEN = { 'www-authenticate': 'Bearer' };
const BAD_TOKEN = { 'www-authenticate': 'Bearer error="invalid_token"' };

/** `/api/*`, which wants a token that is good now, and `/public/*`, which does not. Both echo the request. */
class Api {
  #parts;

  /** `parts`: those of the `AuthServer`. */
  constructor(parts) {
    this.#parts = parts;
  }

  async protected(request, response) {
    const body = await readBody(request);
    const raw = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (await this.#parts.faults.replace('api', response)) {
      const { access } = this.#parts.sessions.authorize(raw);
      return this.#note(request, access, response.headersSent ? response.statusCode : 0, false);
    }
    const { access, accepted } = this.#parts.sessions.authorize(raw);
    await this.#parts.patience.pause(this.#parts.options.apiLatency);
    if (!accepted) {
      this.#note(request, access, 401, false);
      return sendJson(response, 401, { error: 'invalid_token' }, raw === undefined ? NO_TOKEN : BAD_TOKEN);
    }
    const challenge = this.#forbidden(request.url);
    if (challenge) {
      this.#note(request, access, 401, false);
      return sendJson(response, 401, { error: 'forbidden' }, challenge);
    }
    const replaced = await this.#parts.faults.replace('after-api', response);
    this.#note(request, access, 200, true);
    if (!replaced) sendJson(response, 200, echo(request, body, access));
  }

  async public(request, response) {
    const body = await readBody(request);
    await this.#parts.patience.pause(this.#parts.options.apiLatency);
    sendJson(response, 200, echo(request, body, null));
  }

  /** The challenge of a path that refuses every token. */
  #forbidden(url) {
    const path = url.split('?', 1)[0];
    const found = this.#parts.forbidden.find((it) => path === it.path || path.startsWith(`${it.path}/`));
    if (found === undefined) return undefined;
    return found.error === undefined ? FORBIDDEN : { 'www-authenticate': `Bearer error="${found.error}"` };
  }

  #note(request, access, status, applied) {
    this.#parts.journal.request({
      at: this.#parts.sessions.now(),
      method: request.method,
      path: request.url.split('?', 1)[0], // A query may hold anything; the ledger must not.
      status,
      applied,
      session: access?.session.id ?? null,
      subject: access?.session.subject ?? null,
      generation: access?.generation ?? null,
      requestId: request.headers['x-request-id'] ?? null,
    });
  }
}

function echo(request, body, access) {
  const { method, url: path, headers } = request;
  const content = isUtf8(body) ? { body: body.toString() } : { bodyBase64: body.toString('base64') };
  const subject = access?.session.subject ?? null;
  return { method, path, headers, ...content, subject, generation: access?.generation ?? null };
}

module.exports = { Api };
