'use strict';

// The client's options, checked once at construction: what leaves here is complete, typed and safe to hand to Rust,
// whose own conversion errors would print the value.

const {
  MAX_MS,
  boolean,
  duration,
  httpUrl,
  integer,
  knownOnly,
  oneOf,
  optionalFunction,
  ownCopy,
  text,
} = require('./check.js');
const { REDIRECT_MODES } = require('../crossing/native-request.js');
const { invalidOption, rejectOption, unavailable } = require('../errors.js');
const { readHeaderName, readHeaders } = require('./headers.js');
const { readRetry } = require('./retry.js');
const { readTokens } = require('../tokens.js');

const HOOKS = [
  'onBeforeRefresh',
  'onRefreshed',
  'onRefreshFailed',
  'onPersistFailed',
  'logout',
  'onHookError',
];
const CALLBACKS = [
  'refresh',
  'getTokens',
  'setTokens',
  'isSessionExpired',
  'isRefreshFailureTerminal',
  ...HOOKS,
];
const KNOWN = [
  ...CALLBACKS,
  ...['baseURL', 'allowedOrigins', 'headers', 'header', 'tokens', 'session', 'share', 'store', 'logger'],
  ...['refreshAhead', 'refreshTimeout', 'maxRetries', 'rotationGrace', 'timeout', 'queue', 'redirect'],
  ...['maxResponseSize', 'throwHttpErrors', 'allowInsecure', 'tls', 'connections', 'retry'],
  ...['http2', 'socketPath', 'proxy'],
];
const LATER = ['grant'];

/**
 * How long each provider accepts the previous refresh token again, ms. Where an administrator sets the window and it
 * is off until then, the preset is 0: guessing longer would look like theft to the server. Pass the number you set.
 */
const ROTATION_GRACE = new Map([
  ['okta', 30_000], // `leeway`, 0–60 s, 30 s unless changed
  ['auth0', 0], // "reuse interval", off until set
  ['cognito', 0], // RetryGracePeriodSeconds, 0–60, off until set
  ['supabase', 10_000], // GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL's default
  ['xero', 1_800_000], // 30 minutes, fixed
  ['workos', 10_000], // 10 to 30 s observed; the least of them
  ['atlassian', 600_000], // 10 minutes, fixed
]);

/** Ten thousand waiters fit into some MB; more is an outage, better told at once. */
const QUEUE_MAX = 10_000;
const MAX_RESPONSE_SIZE = 64 * 1024 * 1024;
const CONNECTIONS = 256;

/** { settings, callbacks }: the native constructor's argument, and the functions lib/ calls. */
function readClientOptions(options) {
  const own = ownCopy(options, 'options');
  knownOnly(own, KNOWN, { later: LATER });
  const callbacks = readCallbacks(own);
  checkStore(own);
  const header = readGroup(own.header, 'header', ['name', 'format']);
  callbacks.format = optionalFunction(header.format, 'header.format');
  return { settings: readSettings(own, header, callbacks), callbacks };
}

/** In the form of `src/binding/options/`; `fetchRedirect` and `throwHttpErrors` are for lib/ alone. */
function readSettings(own, header, callbacks) {
  return {
    baseUrl: own.baseURL === undefined ? undefined : httpUrl(own.baseURL, 'baseURL').href,
    allowedOrigins: readOrigins(own.allowedOrigins),
    allowInsecure: boolean(own.allowInsecure, 'allowInsecure', false),
    headers: own.headers === undefined ? '' : readHeaders(own.headers),
    header: {
      name: header.name === undefined ? 'authorization' : readHeaderName(header.name, 'header.name'),
      hasFormat: callbacks.format !== undefined,
    },
    session: readSession(own),
    queue: readQueue(own.queue),
    transport: readTransport(own),
    timeout: duration(own.timeout, 'timeout', 30_000),
    redirect: REDIRECT_MODES.indexOf(oneOf(own.redirect, 'redirect', 'same-origin', REDIRECT_MODES)),
    // The platform's default.
    fetchRedirect: own.redirect ?? 'follow',
    maxResponseSize: integer(own.maxResponseSize, 'maxResponseSize', MAX_RESPONSE_SIZE, {
      min: 1,
      unit: ' of bytes',
    }),
    retry: readRetry(own.retry),
    hasExpired: callbacks.isSessionExpired !== undefined,
    throwHttpErrors: boolean(own.throwHttpErrors, 'throwHttpErrors', false),
  };
}

function readSession(own) {
  return {
    key: text(own.session, 'session', 'default'),
    share: text(own.share, 'share'),
    seed: own.tokens === undefined ? undefined : readSeed(own.tokens),
    hasStore: own.getTokens !== undefined,
    refreshAhead: duration(own.refreshAhead, 'refreshAhead', -1, 0),
    refreshTimeout: duration(own.refreshTimeout, 'refreshTimeout', 10_000),
    maxRetries: integer(own.maxRetries, 'maxRetries', 3, { max: 100 }),
    rotationGrace: readGrace(own.rotationGrace),
  };
}

function readQueue(value) {
  const queue = readGroup(value, 'queue', ['max', 'timeout']);
  return {
    max: integer(queue.max, 'queue.max', QUEUE_MAX, { unit: ' of requests' }),
    timeout: duration(queue.timeout, 'queue.timeout', 0),
  };
}

function readTransport({ connections, http2, socketPath, tls, proxy }) {
  const transport = {
    connections: integer(connections, 'connections', CONNECTIONS, { min: 1, max: 65_535 }),
    http2: boolean(http2, 'http2', true),
    socketPath: text(socketPath, 'socketPath', undefined, 4096),
    tls: readTls(tls),
    proxy: require('./proxy.js').readProxy(proxy),
  };
  if (transport.socketPath !== undefined && proxy !== undefined && proxy !== false) {
    throw rejectOption('socketPath and proxy must not be given together');
  }
  return transport;
}

function readCallbacks(own) {
  const callbacks = { format: undefined };
  for (const name of CALLBACKS) callbacks[name] = optionalFunction(own[name], name);
  if (callbacks.refresh === undefined) throw rejectOption('refresh must be given');
  callbacks.logger = readLogger(own.logger);
  return callbacks;
}

/** Not copied: loggers are class instances whose methods need their `this`. */
function readLogger(logger) {
  if (logger === undefined) return undefined;
  if (typeof logger?.debug !== 'function' || typeof logger.error !== 'function') {
    throw invalidOption('logger', 'an object with the functions debug and error');
  }
  return logger;
}

function checkStore({ store, getTokens, setTokens }) {
  if ((getTokens === undefined) !== (setTokens === undefined)) {
    throw rejectOption('getTokens and setTokens must be given together');
  }
  if (store === undefined) return;
  const { type } = ownCopy(store, 'store');
  if (type === 'file' || type === 'redis') throw unavailable(`store.type ${type}`);
  readGroup(store, 'store', ['type']);
  oneOf(type, 'store.type', undefined, ['memory']);
  if (type === undefined) throw invalidOption('store.type', 'memory');
  if (getTokens !== undefined)
    throw rejectOption('store must be absent where getTokens and setTokens are given');
}

function readGroup(value, name, known) {
  // Without a prototype too: a polluted Object.prototype must not fill the group in.
  if (value === undefined) return Object.create(null);
  const own = ownCopy(value, name);
  knownOnly(own, known, { prefix: `${name}.` });
  return own;
}

function readOrigins(value) {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalidOption('allowedOrigins', 'an array of origins');
  const origins = Array.from(value, (item, i) => {
    const url = httpUrl(item, `allowedOrigins[${i}]`);
    // A path would promise a limit nobody enforces, and a `*` a match that never comes.
    if (url.pathname !== '/' || url.hostname.includes('*')) {
      throw invalidOption(
        `allowedOrigins[${i}]`,
        'an origin (scheme, host and port) without path or wildcard',
      );
    }
    return url.origin;
  });
  return [...new Set(origins)];
}

function readSeed(value) {
  try {
    return readTokens(value, 'seed');
  } catch (error) {
    throw rejectOption(`tokens: ${error.message}`, error);
  }
}

function readGrace(value) {
  if (typeof value !== 'string') return duration(value, 'rotationGrace', 0, 0);
  if (ROTATION_GRACE.has(value)) return ROTATION_GRACE.get(value);
  const names = [...ROTATION_GRACE.keys()].join(', ');
  throw invalidOption('rotationGrace', `a number of milliseconds ≥ 0 and ≤ ${MAX_MS}, or one of ${names}`);
}

function readTls(value) {
  const tls = readGroup(value, 'tls', ['ca', 'cert', 'key', 'rejectUnauthorized']);
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw rejectOption('tls.cert and tls.key must be given together');
  }
  return {
    ca: readPem(tls.ca, 'tls.ca'),
    cert: readPem(tls.cert, 'tls.cert'),
    key: readPem(tls.key, 'tls.key'),
    rejectUnauthorized: boolean(tls.rejectUnauthorized, 'tls.rejectUnauthorized', true),
  };
}

function readPem(value, name) {
  if (value === undefined) return undefined;
  const pem = ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString()
    : value;
  if (typeof pem !== 'string' || !pem.includes('-----BEGIN '))
    throw invalidOption(name, 'PEM text or a Buffer of it');
  return pem;
}

module.exports = { readClientOptions };
