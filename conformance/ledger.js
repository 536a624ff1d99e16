'use strict';

// A small proxy in front of a token endpoint. It remembers each refresh token that was redeemed and what was issued for it, and so it
// is the judge: it is outside of the client, and knows what the server has answered. It can lose an answer, and give odd ones.

const { createHash } = require('node:crypto');
const { once } = require('node:events');
const { createServer } = require('node:http');

class Ledger {
  #upstream;
  #http = createServer((request, response) => this.#serve(request, response));
  #losing = false;
  #odd;
  /** In order: `{ token, status, issued, lost }`; tokens are fingerprints, and `issued` is null if the answer has no refresh token. */
  redemptions = [];

  /** `upstream`: URL of the server's token endpoint. */
  constructor(upstream) {
    this.#upstream = upstream;
  }

  async listen() {
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    this.url = `http://127.0.0.1:${this.#http.address().port}/token`;
  }

  /** The server will answer the next request, and the answer will be lost: the connection breaks. */
  loseNext() {
    this.#losing = true;
  }

  /** From now on each request gets this answer, `{ status, headers, body }`, and the server none. Undefined: the server's again. */
  answerWith(odd) {
    this.#odd = odd;
  }

  /** What happens from now on: call the function for the redemptions since. */
  since() {
    const { length } = this.redemptions;
    return () => this.redemptions.slice(length);
  }

  close() {
    this.#http.closeAllConnections();
    return new Promise((resolve) => this.#http.close(resolve));
  }

  async #serve(request, response) {
    response.on('error', () => {});
    const body = await text(request);
    if (!request.complete) return;
    const redemption = {
      token: fingerprint(new URLSearchParams(body).get('refresh_token')),
      status: 0,
      issued: null,
      lost: this.#losing,
    };
    this.#losing = false;
    this.redemptions.push(redemption);
    const { status, headers, body: answer } = this.#odd ?? (await this.#forward(request, body));
    redemption.status = status;
    redemption.issued = issuedIn(answer);
    if (redemption.lost) return response.destroy();
    response.writeHead(status, headers).end(answer);
  }

  async #forward({ headers }, body) {
    const sent = { 'content-type': headers['content-type'], accept: headers.accept ?? 'application/json' };
    if (headers.authorization !== undefined) sent.authorization = headers.authorization;
    const answer = await fetch(this.#upstream, { method: 'POST', headers: sent, body, redirect: 'manual' });
    const type = answer.headers.get('content-type');
    return {
      status: answer.status,
      headers: type === null ? {} : { 'content-type': type },
      body: await answer.text(),
    };
  }
}

/** How many of the redemptions sent a refresh token that the server had replaced by another. */
function reuses(redemptions) {
  const spent = new Set();
  let count = 0;
  for (const { token, issued } of redemptions) {
    if (spent.has(token)) count += 1;
    if (issued !== null && issued !== token) spent.add(token);
  }
  return count;
}

function issuedIn(answer) {
  try {
    const { refresh_token: token } = JSON.parse(answer);
    return typeof token === 'string' ? fingerprint(token) : null;
  } catch {
    return null;
  }
}

async function text(request) {
  const parts = await request
    .setEncoding('utf8')
    .toArray()
    .catch(() => []);
  return parts.join('');
}

/** Tells tokens apart without showing them. */
function fingerprint(token) {
  return createHash('sha256').update(String(token)).digest('hex').slice(0, 16);
}

module.exports = { Ledger, fingerprint, reuses };
