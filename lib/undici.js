'use strict';

// `token-rotator/undici`: requests that undici sends, with a TokenClient's tokens and its one rotation.
//
// This file says which requests take part; one that does is a `Relay`.

const { httpUrl, knownOnly, ownCopy } = require('./options/check.js');
const { TokenRotatorError } = require('./errors.js');
const { authoriser } = require('./token-lease.js');
const { readHeaders } = require('./undici/headers.js');
const { Relay } = require('./undici/relay.js');

/**
 * @param {import('..').TokenClient} client
 * @param {import('../undici').TokenInterceptorOptions} [options]
 * @returns {import('undici').Dispatcher.DispatcherComposeInterceptor}
 */
function tokenInterceptor(client, options) {
  const auth = authoriser(client);
  const own = readOptions(options);
  // The login of requests that come by more than once, see `isRepeating`.
  const epochs = new WeakMap();

  // From version 8 on undici says where the dispatcher goes, if that is one place.
  return function tokenRotator(dispatch, dispatcherOrigin) {
    return function tokenDispatch(opts, handler) {
      // Of the old kind, which undici 7 wraps before and undici 8 refuses.
      if (typeof handler?.onRequestStart !== 'function') return dispatch(opts, handler);
      let headers;
      try {
        headers = takesPart(auth, opts, [own.origin, dispatcherOrigin]);
      } catch (error) {
        handler.onResponseError?.(null, error);
        return true;
      }
      if (headers === null) return dispatch(opts, handler);
      const relay = new Relay(auth, dispatch, { ...opts, ...fixedOrigin(opts) }, headers, handler);
      const repeating = isRepeating(handler);
      relay.start(repeating ? epochs.get(handler) : undefined, (epoch) => {
        if (repeating) epochs.set(handler, epoch);
      });
      return true;
    };
  };
}

/** The headers of a request that is to get the token, null if it goes on as it is. */
function takesPart(auth, opts, dispatcherOrigins) {
  // Anything but a path could name another host to a proxy; undici refuses most of it.
  if (opts.method === 'CONNECT' || typeof opts.path !== 'string' || opts.path[0] !== '/') return null;
  const headers = readHeaders(opts.headers);
  if (headers === null || headers.has(auth.headerName)) return null;
  const stated = [opts.origin, ...dispatcherOrigins].filter((origin) => origin);
  if (stated.length === 0) throw unknownOrigin();
  // A Pool goes to its own origin, whatever the request says: both have to be the client's.
  return stated.map(originOf).every((origin) => origin !== null && auth.trusts(origin)) ? headers : null;
}

/** Null for what undici will refuse. */
function originOf(origin) {
  try {
    return new URL(origin).origin;
  } catch {
    return null;
  }
}

/** A URL object could be changed between the look at it and the sending. */
function fixedOrigin({ origin }) {
  return origin ? { origin: String(origin) } : undefined;
}

/**
 * Handlers of interceptors further out that send a request again, as undici's `redirect` and `retry` do: the same
 * object comes by each time, and with the login of the first time.
 */
function isRepeating(handler) {
  return typeof handler.dispatch === 'function';
}

function readOptions(options) {
  if (options === undefined) return {};
  const own = ownCopy(options, 'options');
  knownOnly(own, ['origin']);
  return own.origin === undefined ? {} : { origin: httpUrl(own.origin, 'origin').origin };
}

function unknownOrigin() {
  return new TokenRotatorError(
    'origin is not known: a Client or Pool of undici 7 does not say where it goes; name it, tokenInterceptor(client, { origin })',
    { code: 'ERR_INVALID_OPTION' },
  );
}

module.exports = { tokenInterceptor };
