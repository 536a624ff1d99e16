'use strict';

// What a strict server checks of a token request beside its grant: who the client is, and a DPoP proof. npm `jose` verifies.

const { createHash, randomUUID } = require('node:crypto');

class Refused extends Error {
  constructor(code, message = code) {
    super(message);
    this.code = code;
  }
}

/**
 * Checks the client as `clients[id]` says: `{ secret }` in a Basic header, `{ keys, header }` for an assertion of its own, whose protected
 * header must have these fields, or `{ federated }` for one of somebody else, with these claims.
 */
async function checkClient({ jose, trusted, seen }, clients, { fields, headers, endpoint }) {
  const [, basic] = /^Basic (\S+)$/.exec(headers.authorization ?? '') ?? [];
  const pair = basic && Buffer.from(basic, 'base64').toString().split(':');
  const [id, secret] = pair
    ? pair.map((part) => decodeURIComponent(part.replaceAll('+', ' ')))
    : [fields.client_id];
  const client = clients[id];
  if (client === undefined) throw new Refused('invalid_client', `unknown client ${id}`);
  if (client.secret !== undefined) {
    if (secret !== client.secret) throw new Refused('invalid_client', 'secret');
    return;
  }
  if (fields.client_assertion_type !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer') {
    throw new Refused('invalid_client', 'client_assertion_type');
  }
  const { federated } = client;
  const keys = federated ? trusted[federated.iss] : client.keys;
  const expected = federated ?? { iss: id, sub: id, aud: endpoint };
  const { payload, protectedHeader } = await jose
    .jwtVerify(fields.client_assertion, jose.createLocalJWKSet(keys), {
      ...{ issuer: expected.iss, subject: expected.sub, audience: expected.aud },
      ...{
        requiredClaims: ['exp', 'iat', ...(federated ? [] : ['jti'])],
        maxTokenAge: '1h',
        clockTolerance: 5,
      },
    })
    .catch((error) => {
      throw new Refused('invalid_client', error.message);
    });
  if (!federated && seen.has(payload.jti)) throw new Refused('invalid_client', 'jti was seen before');
  seen.add(payload.jti);
  for (const [name, value] of Object.entries(client.header ?? {})) {
    if (protectedHeader[name] !== value) throw new Refused('invalid_client', `the header ${name}`);
  }
}

/** Proofs of RFC 9449, each with the newest nonce. */
class Dpop {
  nonce = randomUUID();
  #seen = new Set();

  /** Resolves with the thumbprint of the key. `ath`: the access token that the proof is for. */
  async check(jose, { method, headers, url }, ath) {
    if (headers.dpop === undefined) throw new Refused('invalid_dpop_proof', 'no proof');
    const { payload, protectedHeader } = await jose
      .jwtVerify(headers.dpop, jose.EmbeddedJWK, { typ: 'dpop+jwt', maxTokenAge: '60s', clockTolerance: 5 })
      .catch((error) => {
        throw new Refused('invalid_dpop_proof', error.message);
      });
    const { htm, htu, jti, nonce } = payload;
    if (nonce !== this.nonce) throw new Refused('use_dpop_nonce');
    if (htm !== method || htu !== url.split('?')[0]) throw new Refused('invalid_dpop_proof', 'htm or htu');
    if (typeof jti !== 'string' || this.#seen.has(jti)) throw new Refused('invalid_dpop_proof', 'jti');
    this.#seen.add(jti);
    const hash = ath && createHash('sha256').update(ath).digest('base64url');
    if (payload.ath !== hash) throw new Refused('invalid_dpop_proof', 'ath');
    return jose.calculateJwkThumbprint(protectedHeader.jwk);
  }
}

module.exports = { Dpop, Refused, checkClient };
