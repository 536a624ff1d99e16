'use strict';

// Sends one request through the addon, and looks after its signal and its streamed body until it settles.

const { unwatch, watch } = require('./abort.js');
const { environment } = require('./environment.js');
const { errorFromNative, isAborted } = require('./native-errors.js');
const { sendNative } = require('./native-request.js');
const { nextNumber } = require('./table.js');
const { isSource } = require('../body/streams.js');
// At once, as in `dispatch.js`.
const uploads = require('../body/uploads.js');

let lastNumber = 0;

/**
 * The addon's promise of an answer; `sendError` makes the error that users get of its rejection. Not async where nothing has
 * to be looked after, because each of ten thousand waiting requests would hold one more frame.
 * @param {import('./native-session.js').NativeSession} native
 * @param {import('../callbacks/callbacks.js').Callbacks} callbacks
 * @param {string} href
 * @param {import('./native-request.js').NativeRequest} request
 */
function send(native, callbacks, href, request) {
  const { signal, data } = request;
  if (signal !== undefined || isSource(data)) return sendWatched(native, callbacks, href, request);
  if (!request.skipAuth) callbacks.assertNotInside();
  return sendNative(native, href, request, data, undefined);
}

async function sendWatched(native, callbacks, href, request) {
  const { signal, data } = request;
  const number = signal && (lastNumber = nextNumber(lastNumber));
  const abort = () => environment.abort(number);
  const body = isSource(data) ? uploads.announce(data) : data;
  try {
    if (signal) watch(signal, abort);
    if (signal?.aborted) throw signal.reason;
    if (!request.skipAuth) callbacks.assertNotInside();
    return await sendNative(native, href, request, body, number);
  } catch (error) {
    throw isAborted(error) ? signal.reason : error;
  } finally {
    if (signal) unwatch(signal, abort);
    if (body !== data) uploads.withdraw(body.number);
  }
}

/** The signal's reason belongs to the program and stays as it is, even if it looks like an error of Rust. */
function sendError(error, signal) {
  return signal?.aborted && error === signal.reason ? error : errorFromNative(error);
}

module.exports = { send, sendError };
