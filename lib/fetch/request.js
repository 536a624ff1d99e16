'use strict';

// What `client.fetch` is called with, read by the rules of the fetch standard into a request like any other. Where the
// platform can judge it does: `Headers` and `Request` are its own.

const { readFetchBody } = require('./body.js');
const { NativeRequest } = require('../crossing/native-request.js');
const { TOKEN, addHeader, hasHeader, readHeaders } = require('../options/headers.js');

const MEMBERS = [
  ...['method', 'headers', 'body', 'signal', 'redirect', 'duplex', 'keepalive', 'integrity', 'dispatcher'],
  ...['mode', 'credentials', 'cache', 'referrer', 'referrerPolicy', 'window', 'priority'],
];
const FETCH_REDIRECTS = ['follow', 'error', 'manual'];
/** The standard upper-cases these. */
const NORMALIZED = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'];
const FORBIDDEN = ['CONNECT', 'TRACE', 'TRACK'];

/** A Request's signal → the Request, without which the signal would not hear of an abort. */
const owners = new WeakMap();

/**
 * { href, request, unread, length }: `request` is a NativeRequest. `unread` is the body of a Request, which has to be read
 * first; `length` is the text of the caller's content-length. `redirect`: the mode unless the caller names one.
 */
function readRequest(input, init, redirect) {
  const source = isRequest(input) ? input : undefined;
  const href = source === undefined ? readUrl(input) : source.url;
  const request = new NativeRequest('GET');
  request.redirect = redirect;
  const given = { headers: undefined, body: null, owner: undefined, duplex: undefined, keepalive: false };
  if (source !== undefined) readSource(request, given, source);
  if (init !== undefined && init !== null) readInit(request, given, init);
  const length = given.headers === undefined ? undefined : attachHeaders(request, given.headers);
  const unread = given.body === null ? undefined : attachBody(request, given);
  return { href, request, unread, length };
}

function readUrl(input) {
  // Its text would be a path below baseURL.
  if (input === undefined || input === null) throw new TypeError('fetch needs a URL or a Request');
  return `${input}`;
}

function readSource(request, given, source) {
  request.method = source.method;
  request.signal = source.signal;
  owners.set(source.signal, source);
  // A Request that was made without a mode has 'follow' as well.
  if (source.redirect !== 'follow') request.redirect = source.redirect;
  refuseIntegrity(source.integrity);
  given.headers = source.headers;
  given.body = source.body;
  given.owner = source;
}

function readInit(request, given, init) {
  if (typeof init !== 'object' && typeof init !== 'function') throw new TypeError('init must be an object');
  const members = membersOf(init);
  let judged;
  for (const name of Object.keys(members)) {
    const value = members[name];
    if (value === undefined) continue;
    switch (name) {
      case 'method':
        request.method = readMethod(`${value}`);
        break;
      case 'headers':
        given.headers = value;
        break;
      case 'body':
        // Null leaves a Request its own.
        if (value !== null) Object.assign(given, { body: value, owner: isRequest(init) ? init : undefined });
        break;
      case 'signal':
        request.signal = readSignal(value);
        if (value !== null && isRequest(init)) owners.set(value, init);
        break;
      case 'redirect':
        if (!FETCH_REDIRECTS.includes(value)) throw notOneOf('redirect', FETCH_REDIRECTS);
        request.redirect = value;
        break;
      case 'duplex':
        if (value !== 'half') throw notOneOf('duplex', ['half']);
        given.duplex = value;
        break;
      case 'keepalive':
        given.keepalive = Boolean(value);
        break;
      case 'integrity':
        refuseIntegrity(value);
        break;
      case 'dispatcher':
        throw new TypeError('dispatcher must be absent: requests do not go through undici');
      default:
        if (MEMBERS.includes(name)) (judged ??= {})[name] = value;
    }
  }
  // Without effect on a server, and not without rules.
  if (judged !== undefined) new Request('http://any.invalid', judged);
}

/** Own properties only, as everywhere; but those of a class are its own. */
function membersOf(init) {
  const prototype = Object.getPrototypeOf(init);
  if (prototype === Object.prototype || prototype === null) return init;
  return Object.fromEntries(MEMBERS.map((name) => [name, init[name]]));
}

function readMethod(value) {
  const upper = value.toUpperCase();
  if (!TOKEN.test(value)) throw new TypeError('method must be an HTTP method');
  if (FORBIDDEN.includes(upper)) throw new TypeError(`method must not be ${upper}`);
  return NORMALIZED.includes(upper) ? upper : value;
}

/** By shape: an AbortSignal of another realm is no instance of ours. */
function readSignal(value) {
  if (value === null) return undefined;
  if (typeof value.aborted !== 'boolean' || typeof value.addEventListener !== 'function') {
    throw new TypeError('signal must be an AbortSignal');
  }
  return value;
}

/** To ignore it would be to say that the answer was checked. */
function refuseIntegrity(value) {
  if (value !== null && `${value}` !== '')
    throw new TypeError('integrity is not checked here and must be absent');
}

/** Returns the content-length, which is no header to send: the connection makes it. */
function attachHeaders(request, given) {
  const headers = tagOf(given) === 'Headers' ? given : new Headers(given);
  const sent = [];
  let length;
  for (const pair of headers) {
    if (pair[0] === 'content-length') length = pair[1];
    // Said by some clients of every request, and of none that it matters to.
    else if (pair[0] !== 'connection' || !/^(?:keep-alive|close)$/i.test(pair[1])) sent.push(pair);
  }
  request.headers = readHeaders(sent);
  return length;
}

/** Returns the body if it has to be read first. */
function attachBody(request, given) {
  if (request.method === 'GET' || request.method === 'HEAD') {
    throw new TypeError('Request with GET/HEAD method cannot have body.');
  }
  if (given.owner !== undefined) {
    if (given.owner.bodyUsed || given.body.locked) {
      throw new TypeError('Cannot construct a Request with a Request object that has already been used.');
    }
    return given.body;
  }
  const { data, contentType } = readFetchBody(given);
  request.data = data;
  if (contentType === undefined || hasHeader(request.headers, 'content-type')) return undefined;
  request.headers = addHeader(request.headers, 'content-type', contentType);
  return undefined;
}

function isRequest(value) {
  return tagOf(value) === 'Request';
}

/** By name: a Request or Headers of another realm is no instance of ours. */
function tagOf(value) {
  return typeof value === 'object' && value !== null ? value[Symbol.toStringTag] : undefined;
}

function notOneOf(name, choices) {
  return new TypeError(`${name} must be one of ${choices.join(', ')}`);
}

module.exports = { readRequest };
