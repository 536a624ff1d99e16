'use strict';

// The attributes of spans: those of HTTP client spans in OpenTelemetry's semantic conventions, which are stable since 1.23,
// and `token_rotator.*` for what these do not name.

const { parseUrl } = require('../options/check.js');

const METHODS = new Set([
  ...['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE', 'QUERY'],
]);

const DEFAULT_PORTS = { 'http:': 80, 'https:': 443 };

/** The conventions want no path in it, because a path has too many values. */
function nameOfTry({ request: { method } }) {
  return METHODS.has(method) ? method : 'HTTP';
}

function ofTry({ request: { method, url }, attempt, cause, generation }) {
  return {
    ...ofMethod(method),
    ...ofUrl(url),
    ...(attempt > 1 && { 'http.request.resend_count': attempt - 1 }),
    'token_rotator.cause': cause,
    ...(generation !== undefined && { 'token_rotator.generation': generation }),
  };
}

function ofMethod(method) {
  if (METHODS.has(method)) return { 'http.request.method': method };
  return { 'http.request.method': '_OTHER', 'http.request.method_original': method };
}

function ofUrl(url) {
  const parsed = parseUrl(url);
  if (!parsed) return {};
  const { hostname, port, protocol } = parsed;
  // Brackets are the URL's own way to write an IPv6 address.
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  const number = port === '' ? DEFAULT_PORTS[protocol] : Number(port);
  return { 'url.full': url, 'server.address': address, 'server.port': number };
}

/** The conventions have a word of their own for an error without a type. */
function errorType(errorCode) {
  return errorCode === 'UNKNOWN' ? '_OTHER' : errorCode;
}

/** For a client, a status of 400 and more is an error. */
function ofAnswer({ status, errorCode }) {
  const error = errorType(errorCode) ?? (status >= 400 ? String(status) : undefined);
  return {
    ...(status !== undefined && { 'http.response.status_code': status }),
    ...(error !== undefined && { 'error.type': error }),
  };
}

function ofRotation({ cause }) {
  return { 'token_rotator.cause': cause };
}

function ofRotationEnd({ outcome, generation, attempts, leaseWait, errorCode }) {
  return {
    'token_rotator.outcome': outcome,
    'token_rotator.generation': generation,
    'token_rotator.attempts': attempts,
    'token_rotator.lease_wait': leaseWait,
    ...(errorCode !== undefined && { 'error.type': errorCode }),
  };
}

module.exports = { nameOfTry, ofAnswer, ofRotation, ofRotationEnd, ofTry };
