'use strict';

// Reads the arguments of `client.fetch` by the rules of the fetch standard into a NativeRequest, which is handed in: its file needs the
// environment, and would make another one after jest's `resetModules`. Where possible the platform's
// own `Headers` and `Request` judge them.

const { readFetchBody } = require('./body.js');
const { isStream } = require('../body/streams.js');
const { oneOf } = require('../options/check.js');
const { TOKEN, addContentType, readHeaders } = require('../options/headers.js');
const { readSignal } = require('../options/request-fields.js');

const MEMBERS = [
  ...['method', 'headers', 'body', 'signal', 'redirect', 'duplex', 'keepalive', 'integrity', 'dispatcher'],
  ...['mode', 'credentials', 'cache', 'referrer', 'referrerPolicy', 'window', 'priority'],
];
const FETCH_REDIRECTS = ['follow', 'error', 'manual'];
/** Methods that the standard turns into upper case. */
const NORMALIZED = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'];
const FORBIDDEN = ['CONNECT', 'TRACE', 'TRACK'];

/** A Request's signal → the Request, which must live as long, because else the signal would not hear of an abort. */
const owners = new WeakMap();

/**
 * { href, unread, length }: `unread` is a Request's body, to be read first; `length` the caller's content-length.
 * @param {import('../crossing/native-request.js').NativeRequest} request  gets the rest @param {any} input @param {any} init
 */
function readRequest(request, input, init) {
  const source = isRequest(input) ? input : undefined;
  const href = readUrl(source === undefined ? input : source.url);
  const given = { headers: undefined, body: null, owner: undefined, duplex: undefined, keepalive: false };
  if (source !== undefined) readSource(request, given, source);
  if (init !== undefined && init !== null) readInit(request, given, init);
  const length = given.headers === undefined ? undefined : attachHeaders(request, given.headers);
  const unread = given.body === null ? undefined : attachBody(request, given);
  return { href, unread, length };
}

function readUrl(input) {
  // The text 'undefined' would be a path below baseURL.
  if (input === undefined || input === null) throw new TypeError('fetch needs a URL or a Request');
  return `${input}`;
}

function readSource(request, given, source) {
  // Read as `init` is, because a Request of another package may have any value there.
  request.method = readMethod(source.method);
  // A Request of another package may lack these, as those of node-fetch have no integrity and often no signal.
  const { signal = undefined, redirect: mode = 'follow', integrity = '', body = null } = source;
  if (signal !== null) follow(request, signal, source);
  // 'follow' may mean that the Request was made without a mode.
  if (mode !== 'follow') request.redirect = mode;
  refuseIntegrity(integrity);
  given.headers = source.headers;
  given.body = body;
  given.owner = source;
}

/** `owner`: the Request that the signal is of. */
function follow(request, signal, owner) {
  request.signal = signal;
  if (signal !== undefined && owner !== undefined) owners.set(signal, owner);
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
        // Null leaves a Request its own body.
        if (value !== null) Object.assign(given, { body: value, owner: isRequest(init) ? init : undefined });
        break;
      case 'signal':
        follow(request, readSignal(value), isRequest(init) ? init : undefined);
        break;
      case 'redirect':
        request.redirect = oneOf(value, 'redirect', undefined, FETCH_REDIRECTS);
        break;
      case 'duplex':
        given.duplex = oneOf(value, 'duplex', undefined, ['half']);
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
  // They have no effect on a server, but the platform may refuse them.
  if (judged !== undefined) new Request('http://any.invalid', judged);
}

/** Own properties only, unless `init` is an instance of a class, such as a Request. */
function membersOf(init) {
  const prototype = Object.getPrototypeOf(init);
  if (prototype === Object.prototype || prototype === null) return init;
  return Object.fromEntries(MEMBERS.map((name) => [name, init[name]]));
}

function readMethod(value) {
  if (typeof value !== 'string' || !TOKEN.test(value)) throw new TypeError('method must be an HTTP method');
  const upper = value.toUpperCase();
  if (FORBIDDEN.includes(upper)) throw new TypeError(`method must not be ${upper}`);
  return NORMALIZED.includes(upper) ? upper : value;
}

/** Refused and not ignored, because the program would believe that the answer was checked. */
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
    // Some clients set this header on every request. It is dropped, because the connection decides.
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
    // That of a Request of node-fetch 2 may be bytes.
    if (isStream(given.body)) return given.body;
  }
  const { data, contentType } = readFetchBody(given);
  request.data = data;
  request.headers = addContentType(request.headers, contentType);
  return undefined;
}

function isRequest(value) {
  return tagOf(value) === 'Request';
}

/** By name, because a Request or Headers of another realm is no instance of this realm's class. */
function tagOf(value) {
  return typeof value === 'object' && value !== null ? value[Symbol.toStringTag] : undefined;
}

module.exports = { readRequest };
