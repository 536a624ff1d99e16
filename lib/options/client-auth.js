'use strict';

// How a client proves to the authorization server that it is itself: the grant's option `auth`.

const check = require('./check.js');
const { Wrong, asText } = require('./source.js');
const { pemOfCertificate } = require('./tls.js');
const { invalidOption, rejectOption } = require('../errors.js');

/** The fields of each method. */
const METHODS = {
  __proto__: null,
  none: [],
  client_secret_basic: ['clientSecret'],
  client_secret_post: ['clientSecret'],
  client_secret_jwt: ['clientSecret', 'algorithm'],
  private_key_jwt: ['key', 'passphrase', 'algorithm', 'keyId', 'certificate', 'audience'],
  client_assertion: ['assertion'],
  tls_client_auth: [],
};

/** RFC 7518 §3.1 and RFC 8037, but for algorithms with a shared secret. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
];

const HMAC_ALGORITHMS = ['HS256', 'HS384', 'HS512'];

/** The grants that prove who asks by their own assertion, or by the token that they exchange. */
const PROVEN_BY_THE_GRANT = ['jwt_bearer', 'token_exchange'];

/** `sources`: of the client; `type`: of the grant; `hasCertificate`: of the option `tls`. */
function readClientAuth(value, { sources, type, provider, hasCertificate }) {
  const usual = provider.facts?.auth;
  if (value === undefined) {
    if (usual !== undefined && !usual.includes('none') && !PROVEN_BY_THE_GRANT.includes(type)) {
      throw rejectOption(`grant.auth must be given, because ${provider.name} wants ${usual.join(' or ')}`);
    }
    return { __proto__: null, method: 'none', secrets: [] };
  }
  const own = check.givenCopy(value, 'grant.auth');
  const method = own.method ?? usual?.[0];
  if (!(method in METHODS)) {
    throw invalidOption('grant.auth.method', `one of ${Object.keys(METHODS).join(', ')}`);
  }
  check.knownOnly(own, ['method', ...METHODS[method]], { prefix: 'grant.auth.' });
  if (method === 'tls_client_auth' && !hasCertificate) {
    throw rejectOption('grant.auth is tls_client_auth, and needs tls.cert and tls.key');
  }
  return { __proto__: null, method, secrets: [], ...readProof(own, method, sources) };
}

function readProof(own, method, sources) {
  if (method.startsWith('client_secret')) {
    const algorithm = check.oneOf(own.algorithm, 'grant.auth.algorithm', undefined, HMAC_ALGORITHMS);
    return { secrets: readSecrets(own.clientSecret, sources), algorithm };
  }
  if (method === 'client_assertion') {
    return { assertion: sources.text(own.assertion, 'grant.auth.assertion') };
  }
  if (method !== 'private_key_jwt') return {};
  const { certificate, audience } = own;
  const name = 'grant.auth.certificate';
  const signer = readSigner(own, 'grant.auth', sources);
  if (certificate !== undefined) signer.certificate = sources.read(certificate, name, asCertificate);
  return { signer, audience: check.text(audience, 'grant.auth.audience', undefined, 4096) };
}

/** A key that signs assertions. @returns {any} */
function readSigner(own, name, sources) {
  return {
    __proto__: null,
    // Loaded here, because it loads node:crypto.
    key: require('./private-key.js').readKey(sources, own, name),
    algorithm: check.oneOf(own.algorithm, `${name}.algorithm`, undefined, ALGORITHMS),
    keyId: check.text(own.keyId, `${name}.keyId`),
  };
}

/** Several: one of them is valid, as while a secret is changed. */
function readSecrets(value, sources) {
  const name = 'grant.auth.clientSecret';
  if (!Array.isArray(value)) return [sources.text(value, name)];
  if (value.length === 0) throw invalidOption(name, 'at least one secret');
  return Array.from(value, (secret, i) => sources.text(secret, `${name}[${i}]`));
}

function asCertificate(value) {
  const text = ArrayBuffer.isView(value) ? pemOfCertificate(check.bufferOf(value)) : value;
  if (typeof text !== 'string' || !text.includes('-----BEGIN CERTIFICATE-----')) {
    throw new Wrong('a certificate: PEM text, or a Buffer of PEM or DER');
  }
  return asText(text);
}

module.exports = { readClientAuth, readSigner };
