'use strict';

// The option `grant`: how new tokens are had from a token endpoint, without code of the user's. The result is in the form of
// `src/binding/options/grant.rs`.

const check = require('./check.js');
const { readClientAuth, readSigner } = require('./client-auth.js');
const { invalidOption, rejectOption } = require('../errors.js');

const COMMON = [
  ...['type', 'provider', 'tokenEndpoint', 'revocationEndpoint', 'issuer', 'clientId', 'auth', 'scope'],
  ...['audience', 'resource', 'params', 'dpop', 'revokeOnLogout'],
];

/** The fields that only one type of grant has. */
const FIELDS = {
  __proto__: null,
  refresh_token: [],
  client_credentials: [],
  jwt_bearer: ['assertion', 'key', 'passphrase', 'algorithm', 'keyId', 'claims'],
  token_exchange: ['subjectToken', 'subjectTokenType', 'actorToken', 'actorTokenType', 'requestedTokenType'],
};
const TYPES = Object.keys(FIELDS);
const DPOP_ALGORITHMS = ['ES256', 'EdDSA'];

/** Visible ASCII without quotes and backslashes (RFC 6749 §3.3). */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const LINE = /^\P{Cc}+$/u;
const LONG = 4096;

/** Fields of the form that the grant writes itself, so that `params` must not have them. */
const OWN_FIELDS = [
  ...[
    'grant_type',
    'refresh_token',
    'client_id',
    'client_secret',
    'client_assertion',
    'client_assertion_type',
  ],
  ...['scope', 'audience', 'resource', 'assertion', 'subject_token', 'subject_token_type', 'actor_token'],
  ...['actor_token_type', 'requested_token_type'],
];

/**
 * @param {unknown} grant
 * @param {import('./source.js').Sources} sources  of the client
 * @param {{ allowInsecure: boolean, hasCertificate: boolean }} client  what the client's other options say
 */
function readGrant(grant, sources, client) {
  const own = check.givenCopy(grant, 'grant');
  const provider = readProvider(own);
  const type = own.type ?? 'absent';
  if (!TYPES.includes(type)) throw invalidOption('grant.type', `one of ${TYPES.join(', ')}`);
  check.knownOnly(own, [...COMMON, ...FIELDS[type], ...provider.parameters], { prefix: 'grant.' });
  // Without prototypes, here and below, so that a polluted one adds no endpoint and no secret.
  const native = {
    __proto__: null,
    type,
    ...readEndpoints(own, provider, client),
    clientId: readLine(own.clientId, 'grant.clientId'),
    auth: readClientAuth(own.auth, { sources, type, provider, hasCertificate: client.hasCertificate }),
    scope: readScope(own.scope),
    audience: own.audience === undefined ? undefined : readLine(own.audience, 'grant.audience'),
    resource: readResource(own.resource),
    params: readParams(own.params),
    dpop: readDpop(own.dpop),
    revokeOnLogout: check.boolean(own.revokeOnLogout, 'grant.revokeOnLogout', false),
    ...readType(own, type, sources),
  };
  return { native, rotationGrace: provider.facts?.rotationGrace };
}

/** `parameters`: the grant's fields that name the place of this provider, such as a tenant. */
function readProvider(own) {
  if (own.provider === undefined) return { __proto__: null, parameters: [] };
  // Loaded here, because the table is long.
  return require('./provider.js').readProvider(own);
}

function readEndpoints(own, provider, { allowInsecure }) {
  const read = (field) => {
    const value = own[field] ?? provider[field];
    return value === undefined ? undefined : readUrl(value, `grant.${field}`, allowInsecure);
  };
  const [tokenEndpoint, issuer, revocationEndpoint] = ['tokenEndpoint', 'issuer', 'revocationEndpoint'].map(
    read,
  );
  if (tokenEndpoint === undefined && issuer === undefined) {
    throw rejectOption('grant.tokenEndpoint or grant.issuer must be given');
  }
  return { tokenEndpoint, issuer, revocationEndpoint };
}

/** As it was given, because issuers are compared as texts. A token endpoint may have a query (RFC 6749 §3.2). */
function readUrl(value, name, allowInsecure) {
  const url = check.parseUrl(String(value));
  const isIssuer = name.endsWith('issuer');
  const isPlain = url && !url.username && !url.password && !url.hash && !(isIssuer && url.search);
  if (!isPlain || !/^https?:$/.test(url.protocol)) {
    throw invalidOption(
      name,
      `an absolute http(s) URL without credentials${isIssuer ? ', query' : ''} or fragment`,
    );
  }
  if (url.protocol === 'http:' && !allowInsecure && !isLoopback(url.hostname)) {
    throw invalidOption(name, 'an https URL, because secrets go there; allowInsecure: true permits http');
  }
  return String(value);
}

/** As `src/engine/http/host.rs` has it. */
function isLoopback(host) {
  return /^(127(\.\d+){3}|\[::1\]|(.+\.)?localhost\.?)$/i.test(host);
}

function readType(own, type, sources) {
  if (type === 'jwt_bearer') return readAssertion(own, sources);
  return type === 'token_exchange' ? readExchange(own, sources) : {};
}

function readAssertion(own, sources) {
  if ((own.assertion === undefined) === (own.key === undefined)) {
    throw rejectOption('grant.assertion or grant.key must be given, and not both');
  }
  if (own.key !== undefined) {
    return { signer: readSigner(own, 'grant', sources), claims: readClaims(own.claims) };
  }
  const stray = ['passphrase', 'algorithm', 'keyId', 'claims'].find((name) => own[name] !== undefined);
  if (stray !== undefined) throw rejectOption(`grant.${stray} goes with grant.key, not with grant.assertion`);
  return { assertion: sources.text(own.assertion, 'grant.assertion') };
}

/** JSON. */
function readClaims(value) {
  if (value === undefined) return undefined;
  const own = check.ownCopy(value, 'grant.claims');
  const made = ['exp', 'iat', 'jti'].find((claim) => claim in own);
  if (made !== undefined)
    throw rejectOption(`grant.claims must not have ${made}, which is made for each assertion`);
  try {
    return JSON.stringify(own);
  } catch {
    throw invalidOption('grant.claims', 'an object that JSON can express');
  }
}

function readExchange(own, sources) {
  if ((own.actorToken === undefined) !== (own.actorTokenType === undefined)) {
    throw rejectOption('grant.actorToken and grant.actorTokenType must be given together');
  }
  const optional = (name) => (own[name] === undefined ? undefined : readLine(own[name], `grant.${name}`));
  return {
    subject: sources.text(own.subjectToken, 'grant.subjectToken'),
    subjectType: readLine(own.subjectTokenType, 'grant.subjectTokenType'),
    actor: own.actorToken === undefined ? undefined : sources.text(own.actorToken, 'grant.actorToken'),
    actorType: optional('actorTokenType'),
    requestedType: optional('requestedTokenType'),
  };
}

function readLine(value, name) {
  const text = check.text(value, name, undefined, LONG);
  if (text === undefined) throw rejectOption(`${name} must be given`);
  if (!LINE.test(text)) throw invalidOption(name, 'one line of text');
  return text;
}

/** Scopes, separated by spaces. Undefined if there are none, because an empty `scope` is an error to some servers. */
function readScope(value) {
  if (value === undefined) return undefined;
  const isList = Array.isArray(value);
  const scopes = isList
    ? Array.from(value)
    : typeof value === 'string'
      ? value.split(/ +/).filter(Boolean)
      : [value];
  scopes.forEach((scope, i) => {
    const name = isList ? `grant.scope[${i}]` : 'grant.scope';
    if (typeof scope !== 'string' || !SCOPE.test(scope)) {
      throw invalidOption(
        name,
        isList ? 'a scope, which has no spaces' : 'scopes, separated by spaces, or a list of them',
      );
    }
  });
  return scopes.length === 0 ? undefined : scopes.join(' ');
}

/** RFC 8707 §2: absolute URIs without fragment. */
function readResource(value) {
  if (value === undefined) return [];
  const isList = Array.isArray(value);
  return Array.from(isList ? value : [value], (resource, i) => {
    const name = isList ? `grant.resource[${i}]` : 'grant.resource';
    const isUri =
      typeof resource === 'string' && check.parseUrl(resource) !== null && !resource.includes('#');
    if (!isUri) throw invalidOption(name, 'an absolute URI without fragment');
    return readLine(resource, name);
  });
}

/** Names and values alternately. */
function readParams(value) {
  if (value === undefined) return [];
  return Object.entries(check.ownCopy(value, 'grant.params')).flatMap(([name, text]) => {
    if (OWN_FIELDS.includes(name)) {
      throw rejectOption(`grant.params must not have ${name}, which the grant sends itself`);
    }
    const field = `grant.params.${check.shownName(name, '(a name that is no word)')}`;
    if (typeof text !== 'string') throw invalidOption(field, 'a string');
    if (name === '' || text.length > LONG)
      throw invalidOption(field, `a string of at most ${LONG} characters`);
    return [name, text];
  });
}

/** The algorithm of the proofs; undefined: the tokens are bearer tokens. */
function readDpop(value) {
  if (value === undefined || value === false) return undefined;
  if (value === true) return DPOP_ALGORITHMS[0];
  if (typeof value !== 'object' || value === null) {
    throw invalidOption('grant.dpop', 'true, false, or an object with algorithm');
  }
  const { algorithm } = check.readGroup(value, 'grant.dpop', ['algorithm']);
  return check.oneOf(algorithm, 'grant.dpop.algorithm', DPOP_ALGORITHMS[0], DPOP_ALGORITHMS);
}

module.exports = { readGrant };
