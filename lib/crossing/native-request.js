'use strict';

// A request as it crosses to Rust. Only this file calls the native `send`; `src/binding/options/request.rs` describes the
// arguments.

/** In the order of their numbers in Rust. */
const REDIRECT_MODES = ['same-origin', 'follow', 'error', 'manual'];

/** Whoever makes a request fills in what differs. All requests have the same fields, so that V8 knows one shape. */
class NativeRequest {
  method;
  /** Lines of names and values, as `readHeaders` makes them. */
  headers = '';
  /** As `readBody` makes it. */
  data = undefined;
  query = '';
  /** Milliseconds. 0: the client's. */
  timeout = 0;
  skipAuth = false;
  /** One of REDIRECT_MODES. Undefined: the client's. */
  redirect = undefined;
  /** As `readRetry` makes it. Undefined: the client's. */
  retry = undefined;
  throwHttpErrors = undefined;
  signal = undefined;

  constructor(method) {
    this.method = method;
  }
}

/** `body` is what Rust takes for `request.data`. `number` is the one that `abort` names; undefined for a request without signal. */
function sendNative(native, href, request, body, number) {
  const { method, headers, query, timeout, skipAuth, redirect, retry } = request;
  const mode = redirect === undefined ? 0 : REDIRECT_MODES.indexOf(redirect) + 1;
  const flags = (skipAuth ? 1 : 0) | (mode << 1);
  const isBare = headers === '' && body === undefined && query === '' && timeout === 0;
  // Each argument costs a conversion, and most requests are a GET of a URL.
  if (isBare && number === undefined && retry === undefined) return native.send(href, method, flags);
  const [lines, wait] = [headers || undefined, timeout || undefined];
  return native.send(href, method, flags, query || undefined, lines, body, wait, number, retry);
}

module.exports = { NativeRequest, REDIRECT_MODES, sendNative };
