'use strict';

// Reads the option `retry` of a client or of a request. A request inherits from its client what its own option leaves out.

const { TOKEN } = require('./headers.js');
const { duration, integer, knownOnly, ownCopy } = require('./check.js');
const { invalidOption } = require('../errors.js');

/** got's methods and statuses, without its 413, 521, 522 and 524; RFC 9110 §9.2.2 for the methods. */
const DEFAULTS = Object.freeze({
  limit: 2,
  methods: ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'],
  statusCodes: [408, 425, 429, 500, 502, 503, 504],
  maxDelay: 30_000,
});

function readRetry(value, client = DEFAULTS) {
  if (value === undefined) return client;
  // A request that asks for retries while its client makes none gets the usual number.
  const inherited = client.limit > 0 ? client : { ...client, limit: DEFAULTS.limit };
  if (value === true) return inherited;
  if (value === false) return { ...inherited, limit: 0 };
  if (typeof value === 'number') return { ...inherited, limit: integer(value, 'retry', 0, { max: 100 }) };
  const own = ownCopy(value, 'retry');
  knownOnly(own, Object.keys(DEFAULTS), { prefix: 'retry.' });
  return {
    limit: integer(own.limit, 'retry.limit', inherited.limit, { max: 100 }),
    methods: readList(own.methods, 'retry.methods', 'HTTP methods', readMethod) ?? inherited.methods,
    statusCodes:
      readList(own.statusCodes, 'retry.statusCodes', 'statuses', readStatus) ?? inherited.statusCodes,
    maxDelay: duration(own.maxDelay, 'retry.maxDelay', inherited.maxDelay, 0),
  };
}

function readList(value, name, what, read) {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw invalidOption(name, `an array of ${what}`);
  return Array.from(value, (item, i) => {
    const good = read(item);
    if (good === undefined) throw invalidOption(`${name}[${i}]`, `one of ${what}`);
    return good;
  });
}

function readMethod(value) {
  return typeof value === 'string' && TOKEN.test(value) ? value.toUpperCase() : undefined;
}

function readStatus(value) {
  return Number.isInteger(value) && value >= 100 && value <= 599 ? value : undefined;
}

module.exports = { readRetry };
