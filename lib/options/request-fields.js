'use strict';

// The options of one request, one by one, and `retry`, which a client has too. Loaded late, so that no file with a state of its
// own may be required here: after jest's `resetModules` that would be another copy of it.

const {
  boolean,
  duration,
  integer,
  knownOnly,
  oneOf,
  own,
  ownCopy,
  shownName,
  unknownOption,
} = require('./check.js');
const { METHODS, REDIRECT_MODES } = require('../crossing/table.js');
const { invalidOption, rejectOption } = require('../errors.js');
const { TOKEN, addContentType, addHeader, hasHeader, readHeaders } = require('./headers.js');

/** got's methods and statuses, without its 413, 521, 522 and 524; RFC 9110 §9.2.2 for the methods. */
const RETRY_DEFAULTS = Object.freeze({
  limit: 2,
  methods: ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'],
  statusCodes: [408, 425, 429, 500, 502, 503, 504],
  maxDelay: 30_000,
});

/** How the value of an option becomes the field of its name. @type {Map<string, (value: any, clientRetry: any) => any>} */
const READERS = new Map(
  Object.entries({
    query: readQuery,
    timeout: (value) => duration(value, 'timeout', 0),
    signal: readSignal,
    skipAuthRefresh: (value) => boolean(value, 'skipAuthRefresh', false),
    redirect: (value) => oneOf(value, 'redirect', undefined, REDIRECT_MODES),
    replay: (value) => boolean(value, 'replay', undefined),
    throwHttpErrors: (value) => boolean(value, 'throwHttpErrors', undefined),
    retry: readRetry,
  }),
);
const KNOWN = ['method', 'headers', 'body', 'idempotencyKey', ...READERS.keys()];

/** Returns the body. `clientRetry`: the client's option `retry`. */
function readAll(request, framing, verb, options, body, clientRetry) {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidOption('options', 'an object');
  }
  let idempotencyKey;
  // Own properties only: see `ownCopy`.
  for (const key of Object.keys(options)) {
    const value = options[key];
    const read = READERS.get(key);
    if (read === undefined && !KNOWN.includes(key)) throw unknownOption(key, KNOWN);
    if (value === undefined) continue;
    if (read !== undefined) request[key] = read(value, clientRetry);
    else if (key === 'headers') request.headers = readHeaders(value, 'headers', framing);
    else if (key === 'method') request.method = readMethod(value, verb);
    else if (key === 'idempotencyKey') idempotencyKey = readKey(value);
    else if (body === undefined) body = value;
    else throw rejectOption('body must be given once: as an argument or as an option');
  }
  if (idempotencyKey !== undefined) {
    if (hasHeader(request.headers, 'idempotency-key'))
      throw rejectOption('idempotencyKey must be absent where headers have idempotency-key');
    request.headers = addHeader(request.headers, 'idempotency-key', idempotencyKey);
  }
  return body;
}

function readKey(value) {
  if (value === true) return require('node:crypto').randomUUID();
  if (typeof value !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(value)) {
    throw invalidOption('idempotencyKey', 'true, or 1 to 255 visible ASCII characters');
  }
  return value;
}

function readMethod(value, verb) {
  if (typeof value !== 'string' || !TOKEN.test(value)) throw invalidOption('method', 'an HTTP method');
  const upper = value.toUpperCase();
  if (upper === 'CONNECT' || upper === 'TRACE') throw invalidOption('method', 'other than CONNECT and TRACE');
  // Methods are case-sensitive (RFC 9110 §9.1), but a program that says `get` means GET.
  const method = METHODS.includes(upper) ? upper : value;
  if (verb !== undefined && method !== verb) throw invalidOption('method', 'absent where a verb is called');
  return method;
}

function readQuery(value) {
  // An iterable, such as URLSearchParams or a Map, would look like an object without properties.
  if (typeof value !== 'object' || value === null || typeof own(value, Symbol.iterator) === 'function') {
    throw invalidOption('query', 'a plain object');
  }
  const params = new URLSearchParams();
  for (const key of Object.keys(value)) {
    for (const item of Array.isArray(value[key]) ? value[key] : [value[key]]) {
      if (item === undefined || item === null) continue;
      if (typeof item !== 'string' && typeof item !== 'boolean' && !Number.isFinite(item)) {
        throw invalidOption(
          `query: ${shownName(key, 'a value')}`,
          'a string, a finite number, a boolean or a list of these',
        );
      }
      params.append(key, item);
    }
  }
  return params.toString();
}

/** By shape, because an AbortSignal of another realm or of a polyfill is no instance of this realm's class. */
function readSignal(value) {
  if (value === null) return undefined;
  if (typeof value?.aborted !== 'boolean' || typeof value.addEventListener !== 'function') {
    throw invalidOption('signal', 'an AbortSignal');
  }
  return value;
}

/** A request inherits from its client what its own option leaves out. */
function readRetry(value, client = RETRY_DEFAULTS) {
  if (value === undefined) return client;
  // A request that asks for retries while its client makes none gets the usual number.
  const inherited = client.limit > 0 ? client : { ...client, limit: RETRY_DEFAULTS.limit };
  if (value === true) return inherited;
  if (value === false) return { ...inherited, limit: 0 };
  if (typeof value === 'number') return { ...inherited, limit: integer(value, 'retry', 0, { max: 100 }) };
  const own = ownCopy(value, 'retry');
  knownOnly(own, Object.keys(RETRY_DEFAULTS), { prefix: 'retry.' });
  return {
    limit: integer(own.limit, 'retry.limit', inherited.limit, { max: 100 }),
    methods: readList(own.methods, 'retry.methods', 'HTTP methods', readRetryMethod) ?? inherited.methods,
    statusCodes:
      readList(own.statusCodes, 'retry.statusCodes', 'statuses', readStatus) ?? inherited.statusCodes,
    maxDelay: duration(own.maxDelay, 'retry.maxDelay', inherited.maxDelay, { min: 0 }),
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

function readRetryMethod(value) {
  return typeof value === 'string' && TOKEN.test(value) ? value.toUpperCase() : undefined;
}

function readStatus(value) {
  return Number.isInteger(value) && value >= 100 && value <= 599 ? value : undefined;
}

module.exports = { addContentType, readAll, readRetry, readSignal };
