'use strict';

// The grant's option `provider`: the endpoint of a well-known authorization server, with what `providers.js` knows of it.

const check = require('./check.js');
const { PROVIDERS } = require('./providers.js');
const { invalidOption, rejectOption } = require('../errors.js');

/** A host, with a port if there is one. A path in it would lead the secrets elsewhere. */
const HOST = /^(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)*[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?::\d{1,5})?$/i;
const SEGMENT = /^[\w.~-]{1,128}$/;

/** The fields of a grant that say where a provider is: how each looks, and what to do with it. */
const PARAMETERS = {
  __proto__: null,
  domain: [HOST, 'a host name, such as example.com'],
  tenant: [SEGMENT, 'letters, digits and -._~'],
  realm: [SEGMENT, 'letters, digits and -._~'],
};

/** @param {any} own  the fields of the grant */
function readProvider(own) {
  const name = check.oneOf(own.provider, 'grant.provider', undefined, Object.keys(PROVIDERS));
  // Without prototypes, so that a polluted one adds no endpoint.
  const facts = Object.assign(Object.create(null), PROVIDERS[name]);
  const usual = Object.assign(Object.create(null), facts.defaults);
  const parameters = parametersOf(facts);
  // An endpoint of the user's own needs none of them.
  const isElsewhere = own.tokenEndpoint !== undefined || own.issuer !== undefined;
  const values = Object.create(null);
  for (const parameter of parameters) {
    const value = own[parameter] ?? usual[parameter];
    if (value === undefined && isElsewhere) continue;
    values[parameter] = readParameter(value, parameter, name);
  }
  if (isElsewhere) return { __proto__: null, name, facts, parameters };
  const filled = (template) => template?.replace(/\{(\w+)\}/g, (_, parameter) => values[parameter]);
  const [tokenEndpoint, revocationEndpoint] = [facts.tokenEndpoint, facts.revocationEndpoint].map(filled);
  return { __proto__: null, name, facts, parameters, tokenEndpoint, revocationEndpoint };
}

function readParameter(value, parameter, provider) {
  const [pattern, expected] = PARAMETERS[parameter];
  if (value === undefined) throw rejectOption(`grant.${parameter} must be given for ${provider}`);
  if (typeof value !== 'string' || !pattern.test(value)) throw invalidOption(`grant.${parameter}`, expected);
  return value;
}

/** The names in braces. */
function parametersOf({ tokenEndpoint = '' }) {
  return [...tokenEndpoint.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
}

/** How long a provider accepts the previous refresh token again, ms. Undefined for a name that is not in the table, or not known. */
function graceOf(name) {
  return Object.hasOwn(PROVIDERS, name) ? PROVIDERS[name].rotationGrace : undefined;
}

/** The providers whose grace is known. */
function namesWithGrace() {
  return Object.keys(PROVIDERS).filter((name) => PROVIDERS[name].rotationGrace !== undefined);
}

module.exports = { graceOf, namesWithGrace, parametersOf, readProvider };
