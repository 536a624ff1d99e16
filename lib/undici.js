'use strict';

// `token-rotator/undici`: an interceptor that gives requests of undici a TokenClient's token, and sends them again after a
// rotation. This file decides which requests take part; `Relay` then sends each of these.

const { httpUrl, parseUrl, readGroup } = require('./options/check.js');
const { TokenRotatorError } = require('./errors.js');
const { authoriser } = require('./external/authoriser.js');
const { isPlaceholder } = require('./foreign-header.js');
const { readHeaders } = require('./undici/headers.js');
const { Relay } = require('./undici/relay.js');

/**
 * @param {import('..').TokenClient} client
 * @param {import('../undici').TokenInterceptorOptions} [options]
 * @returns {import('undici').Dispatcher.DispatcherComposeInterceptor}
 */
function tokenInterceptor(client, options) {
  const auth = authoriser(client);
  const { origin } = readGroup(options, 'options', ['origin'], '');
  const named = origin === undefined ? undefined : httpUrl(origin, 'origin').origin;
  /** Handler → the login of its request, see `isRepeating`. @type {WeakMap<object, number>} */
  const epochs = new WeakMap();

  // From version 8 on, undici passes the origin of a dispatcher that has only one.
  /** @param {any} dispatch @param {string} [dispatcherOrigin] */
  return function tokenRotator(dispatch, dispatcherOrigin) {
    /** @param {any} opts @param {any} handler */
    return function tokenDispatch(opts, handler) {
      // A handler of the old kind. undici 7 wraps these before they come here, and undici 8 refuses them.
      if (typeof handler?.onRequestStart !== 'function') return dispatch(opts, handler);
      let headers;
      try {
        headers = takesPart(auth, opts, [named, dispatcherOrigin]);
      } catch (error) {
        handler.onResponseError?.(null, error);
        return true;
      }
      if (headers === null) return dispatch(opts, handler);
      const fixed = { ...opts, ...fixedOrigin(opts) };
      const origin = originOf(fixed.origin ?? named ?? dispatcherOrigin) ?? '';
      const relay = new Relay(auth, dispatch, fixed, headers, handler, origin);
      const repeating = isRepeating(handler);
      relay.start(repeating ? epochs.get(handler) : undefined, (epoch) => {
        if (repeating) epochs.set(handler, epoch);
      });
      return true;
    };
  };
}

/** The headers of a request that gets the token; null for a request that is passed on unchanged. */
function takesPart(auth, opts, dispatcherOrigins) {
  // Any path that is none could name another host to a proxy; undici refuses most of these.
  if (opts.method === 'CONNECT' || typeof opts.path !== 'string' || opts.path[0] !== '/') return null;
  const headers = readHeaders(opts.headers);
  if (headers === null) return null;
  const stated = [opts.origin, ...dispatcherOrigins].filter((origin) => origin);
  if (headers.has(auth.headerName) && !isPlaceholder(headers.get(auth.headerName))) {
    if (auth.foreign.isNews) tellForeign(auth, stated);
    return null;
  }
  if (stated.length === 0) throw unknownOrigin();
  return trustsAll(auth, stated) ? headers : null;
}

/** A Pool goes to its own origin whatever the request names, so the client must trust both. */
function trustsAll(auth, stated) {
  return stated.map(originOf).every((origin) => origin !== null && auth.trusts(origin));
}

/** Says nothing of a request that would get no token anyway. */
function tellForeign(auth, stated) {
  try {
    if (stated.length > 0 && trustsAll(auth, stated)) auth.foreign.tell();
  } catch {
    // `trusts` refuses an origin without TLS.
  }
}

/** Null for an origin that undici will refuse. */
function originOf(origin) {
  return parseUrl(String(origin))?.origin ?? null;
}

/** As text, because the program could change a URL object between this check and the sending. */
function fixedOrigin({ origin }) {
  return origin ? { origin: String(origin) } : undefined;
}

/**
 * True if this handler sends its request again, as those of undici's `redirect` and `retry` do. The same handler then comes by
 * each time, and all of its requests must use the login of the first.
 */
function isRepeating(handler) {
  return typeof handler.dispatch === 'function';
}

function unknownOrigin() {
  return new TokenRotatorError(
    'origin is not known: a Client or Pool of undici 7 does not say where it goes; name it, tokenInterceptor(client, { origin })',
    { code: 'ERR_INVALID_OPTION' },
  );
}

module.exports = { tokenInterceptor };
