'use strict';

const { isUtf8 } = require('node:buffer');
const { sendAnswer } = require('./respond/answer.js');
const { ReceivedRequest, answerOf, failed } = require('./respond/received.js');
const { isBelow, pathOf, readBody, sendJson } = require('./wire.js');

const NO_TOKEN = { 'www-authenticate': 'Bearer' };
const BAD_TOKEN = { 'www-authenticate': 'Bearer error="invalid_token"' };

/**
 * `/api/*`, which wants a token that is good now, `/public/*`, which does not, and the paths of `respond`. The first two echo the
 * request where `respond` has no answer.
 */
class Api {
  #parts;

  /** `parts`: those of the `AuthServer`. */
  constructor(parts) {
    this.#parts = parts;
  }

  async serve(request, response) {
    const path = pathOf(request);
    const found = this.#parts.responses.find(request.method, path);
    const isPublic = isBelow(path, '/public');
    if (found === undefined && !isPublic && !isBelow(path, '/api')) return notFound(request, response);
    const wantsToken = found === undefined ? !isPublic : found.rule.wantsToken && !isPublic;
    return wantsToken ? this.#protected(request, response) : this.#public(request, response);
  }

  async #protected(request, response) {
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
    const challenge = this.#parts.forbidden.challenge(pathOf(request));
    if (challenge) {
      this.#note(request, access, 401, false);
      return sendJson(response, 401, { error: 'forbidden' }, challenge);
    }
    const found = this.#parts.responses.take(request.method, pathOf(request));
    if (found !== undefined) return this.#respond(request, response, body, access, found);
    // The answer was the last one of its `times`, and another request has taken it meanwhile.
    if (!isBelow(pathOf(request), '/api')) return notFound(request, response);
    const replaced = await this.#parts.faults.replace('after-api', response);
    this.#note(request, access, 200, true);
    if (!replaced) sendJson(response, 200, echo(request, body, access));
  }

  async #public(request, response) {
    const body = await readBody(request);
    await this.#parts.patience.pause(this.#parts.options.apiLatency);
    const found = this.#parts.responses.take(request.method, pathOf(request));
    if (found !== undefined) return this.#respond(request, response, body, null, found);
    if (!isBelow(pathOf(request), '/public')) return notFound(request, response);
    sendJson(response, 200, echo(request, body, null));
  }

  /** Gives the answer that a test has asked for. */
  async #respond(request, response, body, access, { rule, params }) {
    this.#parts.changed();
    let answer;
    try {
      answer = await answerOf(rule, new ReceivedRequest(request, body, params, access));
    } catch (thrown) {
      if (this.#parts.patience.isOver) return;
      answer = failed(rule, thrown);
    }
    // The test is over, and its ledger and its listeners should hear of nothing more.
    if (this.#parts.patience.isOver) return;
    const replaced = access !== null && (await this.#parts.faults.replace('after-api', response));
    this.#note(request, access, answer.status, answer.status < 400);
    if (!replaced) sendAnswer(response, answer);
  }

  #note(request, access, status, applied) {
    this.#parts.journal.request({
      at: this.#parts.sessions.now(),
      method: request.method,
      path: pathOf(request),
      status,
      applied,
      session: access?.session.id ?? null,
      subject: access?.session.subject ?? null,
      generation: access?.generation ?? null,
      requestId: request.headers['x-request-id'] ?? null,
    });
  }
}

function notFound(request, response) {
  const text = `the test server has no answer for ${request.method} ${pathOf(request)}; respond() gives it one`;
  sendJson(response, 404, { error: 'not_found', error_description: text });
}

function echo(request, body, access) {
  const { method, url: path, headers } = request;
  const content = isUtf8(body) ? { body: body.toString() } : { bodyBase64: body.toString('base64') };
  const subject = access?.session.subject ?? null;
  return { method, path, headers, ...content, subject, generation: access?.generation ?? null };
}

module.exports = { Api };
