'use strict';

// Looks for evidence in a thrown value of any shape: an error of axios, got, undici, ky, openid-client or simple-oauth2, an
// answer, a string. Each property may be a getter that throws, so only `read` touches one.

/** A longer chain of causes is a cycle or an attack. */
const MAX_DEPTH = 5;
const MAX_ERRORS = 32;
const MAX_JSON_LENGTH = 65_536;
/** The longest wait that a server may ask for. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** The registered OAuth codes. For an API's own words ("Unauthorized", "token_expired") the status decides. */
const OAUTH_ERRORS = new Set([
  ...['access_denied', 'authorization_pending', 'consent_required', 'expired_token', 'interaction_required'],
  ...['invalid_client', 'invalid_dpop_proof', 'invalid_grant', 'invalid_request', 'invalid_scope'],
  ...['invalid_target', 'login_required', 'server_error', 'slow_down', 'temporarily_unavailable'],
  ...['unauthorized_client', 'unsupported_grant_type', 'use_dpop_nonce'],
]);

/** The places in which clients put an answer's body, and its status. */
const BODIES = ['body', 'data', 'data.payload', 'response.data', 'response.body'];
const STATUSES = ['status', 'statusCode', 'response.status', 'response.statusCode', 'output.statusCode'];

/** Of the value and its causes; where two of them answer, the outer one wins. */
function evidence(error) {
  const nodes = chain(error);
  return {
    oauthError: first(nodes, oauthErrorOf),
    status: first(nodes, statusOf),
    retryAfter: first(nodes, retryAfterOf) ?? null,
    faults: nodes.map(faultOf),
  };
}

/** The value, its causes and the members of its AggregateErrors, breadth first. */
function chain(error) {
  const seen = new Set([error]);
  let level = [error];
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    level = level.flatMap((node) => [read(node, 'cause'), ...list(read(node, 'errors'))]);
    level = level.filter(
      (node) => isObject(node) && !seen.has(node) && seen.size < MAX_ERRORS && seen.add(node),
    );
  }
  return [...seen];
}

function oauthErrorOf(node) {
  const bodies = BODIES.map((path) => at(node, path));
  return first([node, ...bodies], (holder) => {
    if (typeof holder === 'string') return inText(holder);
    return oauthField(holder) ?? known(read(holder, 'code')) ?? inText(read(holder, 'message'));
  });
}

/** `{ error: 'invalid_grant' }`, or nested as `{ error: { error | code } }`. */
function oauthField(holder) {
  const error = read(holder, 'error');
  return known(error) ?? known(read(error, 'error')) ?? known(read(error, 'code'));
}

/** A text may be a code, or an answer's JSON, as in `new Error(await response.text())`. */
function inText(text) {
  return known(text) ?? oauthField(parsed(text));
}

function known(code) {
  return OAUTH_ERRORS.has(code) ? code : undefined;
}

function statusOf(node) {
  const statuses = STATUSES.map((path) => toNumber(at(node, path)));
  return statuses.find((status) => Number.isInteger(status) && status >= 100 && status <= 599);
}

function faultOf(node) {
  return {
    code: read(node, 'code'),
    name: read(node, 'name'),
    message: typeof node === 'string' ? node : read(node, 'message'),
    syscall: read(node, 'syscall'),
  };
}

function retryAfterOf(node) {
  const holders = [read(node, 'headers'), at(node, 'response.headers')];
  return toMilliseconds(first(holders, (headers) => headerOf(headers, 'retry-after')));
}

function headerOf(headers, name) {
  if (!isObject(headers)) return undefined;
  try {
    // `get` of Headers and AxiosHeaders ignores case; in a plain object it has to be searched for.
    const got = typeof headers.get === 'function' ? headers.get(name) : undefined;
    const value = got ?? Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
    return Array.isArray(value) ? value[0] : value;
  } catch {
    return undefined;
  }
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function toMilliseconds(value) {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return undefined;
  const isSeconds = /^\d+(\.\d+)?$/.test(text.trim());
  // Date.parse reads '-5' as a month; a date of RFC 9110 names its month.
  if (!isSeconds && !/[a-z]{3}/i.test(text)) return undefined;
  const ms = isSeconds ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.round(Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS));
}

function toNumber(value) {
  return typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value;
}

function parsed(text) {
  if (typeof text !== 'string' || text.length > MAX_JSON_LENGTH || !/^\s*\{/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function first(items, find) {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** By index, because an array's iterator may be replaced by one that throws. */
function list(value) {
  const length = read(value, 'length');
  if (!Number.isInteger(length) || length < 0) return [];
  return Array.from({ length: Math.min(length, MAX_ERRORS) }, (_, i) => read(value, i));
}

function isObject(value) {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function at(value, path) {
  return path.split('.').reduce((holder, key) => read(holder, key), value);
}

function read(value, key) {
  if (!isObject(value)) return undefined;
  try {
    const found = value[key];
    // A property of a polluted Object.prototype says nothing about this object.
    return found === Object.prototype[key] && !Object.hasOwn(value, key) ? undefined : found;
  } catch {
    return undefined;
  }
}

module.exports = { evidence, read };
