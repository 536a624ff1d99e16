'use strict';

// Sends requests of the engine through a `fetch` or an undici dispatcher. Only the wire is JavaScript's: tokens, rotations, the
// queue, replays, retries, redirects and time limits stay those of the engine.

const { isUtf8 } = require('node:buffer');
const { STATUS_CODES } = require('node:http');
const { VERSION } = require('./crossing/addon.js');
const { discard, isStream } = require('./body/streams.js');
const { TOKEN } = require('./options/headers.js');

/**
 * @typedef {{ method: string, url: string, headers: Record<string, string>, body: string | Uint8Array | null, signal: AbortSignal }} Sent
 * @typedef {{ status: number, reason: string, headers: [string, string][], body: any }} Came  `body`: a stream, or null
 * @typedef {(sent: Sent) => Promise<Came>} Transport
 */

/** Each character is one byte on the wire (RFC 9110 §5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Of mocks that have no answer for a request. It was not sent, and it would fare no better a second time. */
const BLOCKED = /^(?:UND_MOCK_ERR_MOCK_NOT_MATCHED|ERR_NOCK_NO_MATCH|NetConnectNotAllowedError)$/;
/** msw has no code. */
const BLOCKED_BY_MSW = /^\[MSW\] /;

/** `find` gives the function for each request, because mocks replace the global one. @returns {Transport} */
function overFetch(find) {
  return async ({ url, ...init }) => {
    const response = await find()(url, { ...init, redirect: 'manual' });
    const { status, statusText, headers, body = null } = response ?? {};
    if (typeof headers?.forEach !== 'function')
      throw new TypeError('transport.fetch must resolve to a Response');
    // fetch has decoded the body.
    const left =
      body !== null && headers.has('content-encoding') ? ['content-encoding', 'content-length'] : [];
    const pairs = [...headers].filter(([name]) => !left.includes(name));
    return checked({ status, reason: statusText, headers: pairs, body });
  };
}

/** @returns {Transport} */
function overDispatcher(dispatcher) {
  return async ({ url, ...init }) => {
    const { origin, pathname, search } = new URL(url);
    const answer = await dispatcher.request({ ...init, origin, path: `${pathname}${search}` });
    const { statusCode: status, statusText, headers, body } = answer;
    const pairs = Object.entries(headers).flatMap(([name, value]) =>
      [value].flat().map((one) => [name, one]),
    );
    return checked({ status, reason: statusText, headers: pairs, body });
  };
}

/** @returns {Came} */
function checked({ status, reason, headers, body }) {
  const wrong = !(Number.isInteger(status) && status >= 200 && status <= 599)
    ? 'a status from 200 to 599'
    : headers.every(([name, value]) => TOKEN.test(name) && VALUE.test(value))
      ? undefined
      : 'headers that HTTP can carry';
  if (wrong === undefined) return { status, reason: reason || STATUS_CODES[status] || '', headers, body };
  // Its connection would be held by a body that nobody reads.
  if (isStream(body)) discard(body);
  throw new TypeError(`the transport must answer with ${wrong}`);
}

/** The request as the transport gets it. `lines`: names and values alternately; `body`: a Buffer or null. @returns {Sent} */
function toSent(method, url, lines, body, signal) {
  const headers = { accept: '*/*', 'user-agent': `token-rotator/${VERSION}` };
  const parts = lines === '' ? [] : lines.split('\n');
  const own = Object.create(null);
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const [name, value] = [parts[i], parts[i + 1]];
    // RFC 9113 §8.2.3: the one header whose lines are not joined by commas.
    own[name] = name in own ? `${own[name]}${name === 'cookie' ? '; ' : ', '}${value}` : value;
  }
  Object.assign(headers, own);
  return { method, url, headers, body: readable(body, headers), signal };
}

/** Text where it is text, because a test compares it. Without a content-type, fetch would add one to a text. */
function readable(body, headers) {
  if (body === null) return null;
  return headers['content-type'] !== undefined && isUtf8(body) ? body.toString() : body;
}

/** Lines as `toSent` takes them. @param {Came} came */
function linesOf({ headers }) {
  return headers.map((pair) => pair.join('\n')).join('\n');
}

/** The length that an answer announces. @param {Came} came */
function lengthOf({ headers }) {
  const length = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
  return /^\d+$/.test(length ?? '') ? Number(length) : undefined;
}

/**
 * The meaning of a failure. `cause` has a `code`, as that of every NetworkError. `kind`: 'terminal' if a mock blocks the request.
 * @param {any} error  that the transport threw
 */
function describeFault(error) {
  // Loaded here, because only failures need them. `read` throws nothing, whatever the transport has thrown.
  const { wasNeverSent } = require('./callbacks/refresh-error.js');
  const { read } = require('./callbacks/refresh-evidence.js');
  const chain = [];
  // By shape, because the error of a platform's fetch is of another realm in jest.
  for (let at = error; typeof read(at, 'message') === 'string' && chain.length < 5; at = read(at, 'cause')) {
    chain.push({ at, code: read(at, 'code'), name: read(at, 'name'), message: read(at, 'message') });
  }
  const coded = chain.find((one) => typeof one.code === 'string');
  const code = coded?.code ?? 'UNKNOWN';
  const cause = coded?.at ?? Object.assign(new Error('the transport failed', { cause: error }), { code });
  const said = /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : undefined;
  if (chain.some(isBlocked)) return { kind: 'terminal', cause, said };
  return { kind: wasNeverSent(error) ? 'unspent' : 'unknown', cause, said };
}

function isBlocked({ code, name, message }) {
  return BLOCKED.test(code) || BLOCKED.test(name) || BLOCKED_BY_MSW.test(message);
}

module.exports = { describeFault, lengthOf, linesOf, overDispatcher, overFetch, toSent };
