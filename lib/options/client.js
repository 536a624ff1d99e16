'use strict';

// Reads and checks the client's options, once. The result is complete and has the types that Rust expects, because the
// addon's own conversion errors would print the value.

const check = require('./check.js');
const { REDIRECT_MODES } = require('../crossing/table.js');
const { invalidOption, rejectOption } = require('../errors.js');
const { readHeaderName, readHeaders } = require('./headers.js');
const { readRetry } = require('./request-fields.js');
const { readCertificates } = require('./tls.js');
const { readTokens } = require('../tokens.js');

const CALLBACKS = [
  ...['refresh', 'getTokens', 'setTokens', 'isSessionExpired', 'isRefreshFailureTerminal'],
  ...['onBeforeRefresh', 'onRefreshed', 'onRefreshFailed', 'onPersistFailed'],
  ...['onSuperseded', 'logout', 'onHookError'],
];
const KNOWN = [
  ...CALLBACKS,
  ...['baseURL', 'allowedOrigins', 'headers', 'header', 'tokens', 'session', 'share', 'store', 'logger'],
  ...['refreshAhead', 'refreshTimeout', 'maxRetries', 'rotationGrace', 'timeout', 'queue', 'redirect'],
  ...['maxResponseSize', 'throwHttpErrors', 'allowInsecure', 'tls', 'connections', 'retry', 'replay'],
  ...['http2', 'socketPath', 'proxy', 'judgedStatuses', 'keepAlive', 'grant'],
  'maxIdentities',
  ...['lease', 'confirmEvery', 'drainOnExit', 'transport'],
];

/** Ten thousand waiting requests need some MB. More mean an outage, which callers should hear of at once. */
const QUEUE_MAX = 10_000;
/** Some 40 MB, with tokens of 2 KB. */
const MAX_IDENTITIES = 10_000;
const MAX_RESPONSE_SIZE = 64 * 1024 * 1024;
const CONNECTIONS = 256;

/** `settings` is for the native constructor, `callbacks` are the user's functions. */
function readClientOptions(options) {
  const own = check.ownCopy(options, 'options');
  check.knownOnly(own, KNOWN);
  const callbacks = readCallbacks(own);
  const sources = sourcesOnce();
  const grant = readOptionGrant(own, sources.get);
  const { store, register } = readStorage(own, sources.get);
  if (register !== undefined) callbacks.register = register;
  const header = check.readGroup(own.header, 'header', ['name', 'format', 'foreign']);
  callbacks.format = check.optionalFunction(header.format, 'header.format');
  if (grant?.native.dpop !== undefined) require('./dpop.js').checkDpop(own);
  const transport = readTransport(own, sources.get);
  if (transport.custom) callbacks.transport = require('./transport.js').readOwnTransport(own.transport);
  const used = sources.used();
  if (used !== undefined) Object.assign(callbacks, { sources: used.functions, saidOf: used.saidOf });
  const settings = {
    ...readSettings(own, header, callbacks, store, grant),
    ...{ transport, made: used?.made },
  };
  return { settings, callbacks };
}

/** The sources of one client, which are made when one of its options has some. */
function sourcesOnce() {
  /** @type {import('./source.js').Sources | undefined} */
  let sources;
  const get = () => {
    const { Sources } = require('./source.js');
    sources ??= new Sources();
    return sources;
  };
  return { get, used: () => sources };
}

/** In the form of `src/binding/options/`; `fetchRedirect`, `foreignHeader`, `throwHttpErrors` and `made` are for lib/ alone. */
function readSettings(own, header, callbacks, store, grant) {
  return {
    baseUrl: own.baseURL === undefined ? undefined : check.httpUrl(own.baseURL, 'baseURL').href,
    allowedOrigins: readOrigins(own.allowedOrigins),
    allowInsecure: check.boolean(own.allowInsecure, 'allowInsecure', false),
    headers: own.headers === undefined ? '' : readHeaders(own.headers),
    header: {
      name: header.name === undefined ? 'authorization' : readHeaderName(header.name, 'header.name'),
      hasFormat: callbacks.format !== undefined,
    },
    foreignHeader: check.oneOf(header.foreign, 'header.foreign', 'warn', ['warn', 'keep']),
    session: {
      ...readSession(own, grant),
      store,
      hearsRefreshed: callbacks.onRefreshed !== undefined,
      hearsSuperseded: callbacks.onSuperseded !== undefined,
    },
    grant: grant?.native,
    queue: readQueue(own.queue),
    timeout: check.duration(own.timeout, 'timeout', 30_000),
    redirect: REDIRECT_MODES.indexOf(check.oneOf(own.redirect, 'redirect', 'same-origin', REDIRECT_MODES)),
    // The default of the platform's own fetch.
    fetchRedirect: own.redirect ?? 'follow',
    maxResponseSize: check.integer(own.maxResponseSize, 'maxResponseSize', MAX_RESPONSE_SIZE, {
      min: 1,
      unit: ' of bytes',
    }),
    retry: readRetry(own.retry),
    hasExpired: callbacks.isSessionExpired !== undefined,
    judgedStatuses: readJudged(own),
    replay: check.boolean(own.replay, 'replay', true),
    throwHttpErrors: check.boolean(own.throwHttpErrors, 'throwHttpErrors', false),
  };
}

function readSession(own, grant) {
  return {
    key: check.text(own.session, 'session', 'default'),
    share: check.text(own.share, 'share'),
    seed: own.tokens === undefined ? undefined : readOptionTokens(own.tokens, 'seed'),
    hasStore: own.getTokens !== undefined,
    refreshAhead: check.duration(own.refreshAhead, 'refreshAhead', -1, { min: 0 }),
    refreshTimeout: check.duration(own.refreshTimeout, 'refreshTimeout', 10_000),
    maxRetries: check.integer(own.maxRetries, 'maxRetries', 3, { max: 100 }),
    rotationGrace: readGrace(own.rotationGrace, grant?.rotationGrace),
    keepAlive: check.duration(own.keepAlive, 'keepAlive', 0, { min: 60_000 }),
    maxIdentities: check.integer(own.maxIdentities, 'maxIdentities', MAX_IDENTITIES, {
      min: 1,
      unit: ' of sessions',
    }),
  };
}

function readQueue(value) {
  const queue = check.readGroup(value, 'queue', ['max', 'timeout']);
  return {
    max: check.integer(queue.max, 'queue.max', QUEUE_MAX, { unit: ' of requests' }),
    timeout: check.duration(queue.timeout, 'queue.timeout', 0),
  };
}

function readTransport({ connections, http2, socketPath, tls, proxy, transport: own }, sources) {
  const transport = {
    connections: check.integer(connections, 'connections', CONNECTIONS, { min: 1, max: 65_535 }),
    http2: check.boolean(http2, 'http2', true),
    socketPath: check.text(socketPath, 'socketPath', undefined, 4096),
    tls: readTls(tls, sources),
    // Loaded here, because few programs name one.
    proxy: proxy === undefined ? undefined : require('./proxy.js').readProxy(proxy),
    custom: own !== undefined,
  };
  if (transport.socketPath !== undefined && proxy !== undefined && proxy !== false) {
    throw rejectOption('socketPath and proxy must not be given together');
  }
  return transport;
}

function readCallbacks(own) {
  const callbacks = { format: undefined };
  for (const name of CALLBACKS) callbacks[name] = check.optionalFunction(own[name], name);
  callbacks.logger = readLogger(own.logger);
  return callbacks;
}

/** Where new tokens come from. Undefined: from the function `refresh`. */
function readOptionGrant({ grant, refresh, isRefreshFailureTerminal, allowInsecure, tls }, sources) {
  if (grant === undefined && refresh === undefined) throw rejectOption('refresh or grant must be given');
  if (grant === undefined) return undefined;
  if (refresh !== undefined) {
    throw rejectOption(
      'refresh and grant exclude each other: drop refresh if the grant is to bring the tokens',
    );
  }
  if (isRefreshFailureTerminal !== undefined) {
    throw rejectOption(
      'isRefreshFailureTerminal goes with refresh: a grant reads the answer of the server itself',
    );
  }
  // Loaded here, because few programs give one.
  const { readGrant } = require('./grant.js');
  return readGrant(grant, sources(), {
    allowInsecure: allowInsecure === true,
    hasCertificate: tls?.cert !== undefined,
  });
}

/** Not copied, because loggers are class instances whose methods need their `this`. */
function readLogger(logger) {
  if (logger === undefined) return undefined;
  if (typeof logger?.debug !== 'function' || typeof logger.error !== 'function') {
    throw invalidOption('logger', 'an object with the functions debug and error');
  }
  return logger;
}

/** `store` is undefined for one that no other process shares. */
function readStorage({ store, getTokens, setTokens, lease, confirmEvery, drainOnExit }, sources) {
  const times = {
    lease: check.duration(lease, 'lease', 10_000, { min: 1_000, max: 300_000 }),
    confirmEvery: check.duration(confirmEvery, 'confirmEvery', 5_000),
    drainOnExit: check.duration(drainOnExit, 'drainOnExit', 2_000, { min: 0 }),
  };
  if ((getTokens === undefined) !== (setTokens === undefined)) {
    throw rejectOption('getTokens and setTokens must be given together');
  }
  if (store === undefined) return { store, register: undefined };
  // Loaded here, because few programs give one.
  const { native, register } = require('./store.js').readStore(store, sources);
  if (getTokens !== undefined) {
    throw rejectOption(
      'store and getTokens, setTokens exclude each other: drop getTokens and setTokens if the store is to keep the tokens, else drop store',
    );
  }
  return { store: native && { ...native, ...times }, register };
}

function readJudged({ judgedStatuses, isSessionExpired }) {
  if (judgedStatuses === undefined) return [];
  const isStatus = (status) => Number.isInteger(status) && status >= 200 && status <= 399;
  if (!Array.isArray(judgedStatuses) || !judgedStatuses.every(isStatus)) {
    throw invalidOption('judgedStatuses', 'an array of statuses from 200 to 399');
  }
  if (isSessionExpired === undefined) throw rejectOption('judgedStatuses needs isSessionExpired');
  return [...judgedStatuses];
}

function readOrigins(value) {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalidOption('allowedOrigins', 'an array of origins');
  const origins = Array.from(value, (item, i) => {
    const url = check.httpUrl(item, `allowedOrigins[${i}]`);
    // A path would promise a limit that nobody enforces, and a `*` would never match.
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

/** @param {unknown} value @param {'seed' | 'login'} origin */
function readOptionTokens(value, origin) {
  try {
    return readTokens(value, origin);
  } catch (error) {
    throw rejectOption(`tokens: ${error.message}`, error);
  }
}

/** The option of `getAccessToken`, ms. */
function readValidFor(options) {
  return check.duration(check.ownCopy(options, 'options').validFor, 'validFor', 0, { min: 0 });
}

/** The option of `rotate`: an access token, or undefined. */
function readRejected(options) {
  const rejected = options === undefined ? undefined : check.ownCopy(options, 'options').rejected;
  if (rejected !== undefined && typeof rejected !== 'string')
    throw invalidOption('rejected', 'an access token');
  return rejected;
}

/** `usual`: that of the grant's provider. */
function readGrace(value, usual = 0) {
  if (typeof value !== 'string') return check.duration(value, 'rotationGrace', usual, { min: 0 });
  // Loaded here, because the table is long.
  const { graceOf, namesWithGrace } = require('./provider.js');
  const grace = graceOf(value);
  if (grace !== undefined) return grace;
  throw invalidOption(
    'rotationGrace',
    `a number of milliseconds ≥ 0 and ≤ ${check.MAX_MS}, or one of ${namesWithGrace().join(', ')}`,
  );
}

function readTls(value, sources) {
  const tls = check.readGroup(value, 'tls', ['ca', 'cert', 'key', 'passphrase', 'rejectUnauthorized']);
  const { ca, cert, key } = readCertificates(tls, 'tls', sources);
  return {
    ca,
    cert,
    key,
    rejectUnauthorized: check.boolean(tls.rejectUnauthorized, 'tls.rejectUnauthorized', true),
  };
}

module.exports = { readClientOptions, readOptionTokens, readRejected, readValidFor };
