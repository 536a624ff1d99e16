'use strict';

const { readBody, readParams, send, sendJson } = require('./wire.js');

// RFC 6749 §5.1: neither answer nor error may be kept by a cache.
const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' };
const JSON_HEADERS = { 'content-type': 'application/json', ...NO_STORE };

/** `POST /token` and `POST /revoke`. Any client authentication is accepted, unless there is a `clientSecret`. */
class TokenEndpoint {
  #parts;

  /** `parts`: those of the `AuthServer`. */
  constructor(parts) {
    this.#parts = parts;
  }

  async token(request, response) {
    const params = readParams(request, await readBody(request));
    this.#parts.journal.count('tokenRequests');
    // Half before the rotation and half after it: a client that gives up meets both sides of it.
    const { latency } = this.#parts.options;
    const half = Array.isArray(latency) ? latency.map((ms) => ms / 2) : latency / 2;
    await this.#parts.patience.pause(half);
    if (await this.#parts.faults.replace('before-rotate', response)) return;
    if (!this.#knowsClient(request, params)) return this.#refuseClient(request, response);
    const error = this.#findFault(params);
    if (error) return this.#refuse(response, error);
    const granted = this.#parts.sessions.exchange(params?.get('refresh_token'));
    if (!granted) return this.#refuse(response, 'invalid_grant');
    const settle = this.#watchDelivery(granted.presented.entry, response);
    await this.#parts.patience.pause(half);
    if (await this.#parts.faults.replace('after-rotate', response)) return settle(false);
    await this.#answer(response, this.#body(granted), settle);
  }

  async revoke(request, response) {
    const token = readParams(request, await readBody(request))?.get('token');
    if (!token) return this.#refuse(response, 'invalid_request');
    this.#parts.sessions.revokeToken(token);
    send(response, 200, NO_STORE, Buffer.alloc(0));
  }

  #findFault(params) {
    if (!params?.get('grant_type')) return 'invalid_request';
    if (params.get('grant_type') !== 'refresh_token') return 'unsupported_grant_type';
    if (!params.get('refresh_token')) return 'invalid_request';
    const granted = this.#parts.options.scope.split(' ');
    const asked = params.get('scope')?.split(' ') ?? [];
    return asked.every((scope) => granted.includes(scope)) ? null : 'invalid_scope';
  }

  /** RFC 6749 §2.3.1: the secret is in the header or in the form. */
  #knowsClient(request, params) {
    const { clientSecret } = this.#parts.options;
    if (clientSecret === null) return true;
    const basic = /^Basic +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (basic === undefined) return params?.get('client_secret') === clientSecret;
    const [, secret = ''] = Buffer.from(basic, 'base64').toString().split(':');
    return formDecoded(secret) === clientSecret;
  }

  /** RFC 6749 §5.2: a client that used the header gets a challenge. */
  #refuseClient(request, response) {
    const { errorStatus } = this.#parts.options;
    const challenge = request.headers.authorization && { 'www-authenticate': 'Basic realm="token"' };
    this.#refuse(response, 'invalid_client', errorStatus === 400 ? 401 : errorStatus, challenge);
  }

  #refuse(response, error, status = this.#parts.options.errorStatus, headers = {}) {
    this.#parts.journal.count('refused');
    sendJson(response, status, { error }, { ...NO_STORE, ...headers });
  }

  /** Sets `delivered`, once: true when the answer's last byte went to the socket, false if a fault ate the answer. */
  #watchDelivery(entry, response) {
    let open = true;
    const settle = (delivered) => {
      if (!open) return;
      open = false;
      entry.delivered = delivered;
      if (!delivered) this.#parts.journal.count('undelivered');
      this.#parts.journal.note('answered', { id: entry.id, delivered });
    };
    if (response.destroyed) settle(false);
    else response.once('close', () => settle(response.writableFinished));
    return settle;
  }

  async #answer(response, body, settle) {
    const fault = this.#parts.faults.take('mid-body');
    if (!fault) return send(response, 200, JSON_HEADERS, body);
    const complete = await this.#parts.faults.interrupt(fault, response, JSON_HEADERS, body);
    if (!complete) settle(false);
  }

  #body({ access, refresh, presented, expiresIn: ms }) {
    const { expiresIn, omitRefreshToken, scope } = this.#parts.options;
    const answer = { access_token: access.raw, token_type: 'Bearer' };
    // RFC 6749 wants whole seconds; a life of another length needs the fraction to be true.
    if (expiresIn) answer.expires_in = ms / 1000;
    if (!(omitRefreshToken && refresh === presented)) answer.refresh_token = refresh.raw;
    answer.scope = scope;
    return Buffer.from(JSON.stringify(answer));
  }
}

/** Undefined for a text that is no encoded form: a client has sent a bare `%`, for example. */
function formDecoded(text) {
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'));
  } catch {
    return undefined;
  }
}

module.exports = { TokenEndpoint };
