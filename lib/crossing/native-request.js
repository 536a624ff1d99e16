'use strict';

// A request as it crosses to Rust. Only this file calls the native `send`, whose arguments `src/binding/client/send.rs`
// describes, and looks after the request's signal and streamed body until it settles.

const { isReason, reasonOf, unwatch, watch } = require('./abort.js');
const { environment, uploads } = require('./environment.js');
const { errorFromNative, isAborted } = require('./native-errors.js');
const { METHODS, REDIRECT_MODES, nextNumber } = require('./table.js');

/**
 * @import { Callbacks } from '../callbacks/callbacks.js'
 * @import { NativeSession } from './environment.js'
 * @import { NativeAnswer } from './native-answer.js'
 * @import { NativeRetry } from '../../native'
 */

/** The maker of a request fills in what differs. All requests have the same fields, so that V8 knows one shape. */
class NativeRequest {
  // Declared, as in `errors.js`.
  method;
  /** Lines of names and values, as `readHeaders` makes them. */
  headers = '';
  /** @type {import('../body/read.js').Data} */
  data = undefined;
  query = '';
  /** Milliseconds. 0: the client's. */
  timeout = 0;
  skipAuthRefresh = false;
  /** @type {boolean | undefined}  undefined: the client's */
  replay = undefined;
  /** @type {typeof REDIRECT_MODES[number] | undefined}  undefined: the client's */
  redirect = undefined;
  /** How many redirects Rust follows at most. @type {number | undefined}  undefined: the client's */
  maxRedirects = undefined;
  /** @type {NativeRetry | undefined}  undefined: the client's */
  retry = undefined;
  /** @type {boolean | undefined}  undefined: the client's */
  throwHttpErrors = undefined;
  /** @type {AbortSignal | undefined} */
  signal = undefined;

  /** @param {string} method */
  constructor(method) {
    this.method = method;
  }
}

let lastNumber = 0;

/**
 * @param {NativeRequest['data']} data
 * @returns {data is import('../body/read.js').Source}  whether it is read while it is sent
 */
function isSource(data) {
  return typeof data === 'object' && !ArrayBuffer.isView(data);
}

/**
 * The addon's promise of an answer; `sendError` makes the error that users get of its rejection. Not async where nothing has
 * to be looked after, because each of ten thousand waiting requests would hold one more frame.
 * @param {NativeSession} native @param {Callbacks} callbacks @param {string} href @param {NativeRequest} request
 * @param {import('../tracing/traced-request.js').TracedRequest} [traced]  hears of its tries
 */
function send(native, callbacks, href, request, traced) {
  const { signal, data } = request;
  if (signal !== undefined || traced !== undefined || isSource(data)) {
    return sendWatched(native, callbacks, href, request, traced);
  }
  if (!request.skipAuthRefresh) callbacks.assertNotInside();
  return sendNative(native, href, request, data, undefined, false);
}

async function sendWatched(native, callbacks, href, request, traced) {
  const { signal, data } = request;
  const number = signal || traced ? (lastNumber = nextNumber(lastNumber)) : undefined;
  const abort = () => environment.abort(/** @type {number} */ (number));
  const source = isSource(data) ? uploads().announce(data, signal) : undefined;
  try {
    if (signal) watch(signal, abort);
    if (signal?.aborted) throw reasonOf(signal);
    if (!request.skipAuthRefresh) callbacks.assertNotInside();
    if (traced && number) callbacks.traced.set(number, traced);
    return await sendNative(native, href, request, source ?? data, number, traced !== undefined);
  } catch (error) {
    throw isAborted(error) ? reasonOf(signal) : error;
  } finally {
    if (signal) unwatch(signal, abort);
    if (traced && number) callbacks.traced.delete(number);
    if (source) uploads().withdraw(source.number);
  }
}

function sendError(error, signal, native) {
  return isReason(error, signal) ? error : errorFromNative(error, native);
}

/**
 * @param {NativeSession} native @param {string} href @param {NativeRequest} request
 * @param {any} body  `request.data`, or the NativeSource of it
 * @param {number | undefined} number  what `Environment.abort` knows the request by
 * @param {boolean} traced  `Callbacks` hears of its tries, by this number
 */
function sendNative({ client, number: session }, href, request, body, number, traced) {
  const { method, headers, query, timeout, skipAuthRefresh, redirect, maxRedirects, replay, retry } = request;
  const mode = redirect === undefined ? 0 : REDIRECT_MODES.indexOf(redirect) + 1;
  const most = maxRedirects === undefined ? 0 : maxRedirects + 1;
  const again = replay === undefined ? 0 : 1 + Number(replay);
  const verb = METHODS.indexOf(method) + 1;
  const flags =
    (skipAuthRefresh ? 1 : 0) |
    (mode << 1) |
    (most << 4) |
    (again << 22) |
    (traced ? 1 << 24 : 0) |
    (verb << 25);
  const isBare = headers === '' && body === undefined && query === '' && timeout === 0;
  // Each argument costs a conversion, and most requests are a GET of a URL.
  if (isBare && verb !== 0 && number === undefined && retry === undefined)
    return client.send(session, href, flags);
  const [name, lines, wait] = [verb === 0 ? method : undefined, headers || undefined, timeout || undefined];
  return client.send(session, href, flags, name, query || undefined, lines, body, wait, number, retry);
}

/**
 * The request that `answer` to `request` redirects to, without its body; null if it redirects nowhere.
 * @param {NativeSession} native @param {NativeRequest} request @param {NativeAnswer} answer
 */
function nextHop({ client, number }, request, answer) {
  const { method, headers, data } = request;
  const { url, status, lines } = answer;
  const hasBody = data !== undefined;
  const answerHeaders = lines.slice(2).join('\n');
  return client.nextHop(number, { url, method, headers, hasBody, status, answerHeaders });
}

exports.NativeRequest = NativeRequest;
exports.isSource = isSource;
exports.nextHop = nextHop;
exports.send = send;
exports.sendError = sendError;
