'use strict';

// `client.fetch`: the client's requests with the arguments and results of the global fetch. `fetch/request.js` reads the
// arguments, `fetch/response.js` makes the result.

const { settleLength } = require('./body/read.js');
const { isReason } = require('./crossing/abort.js');
const { gather } = require('./fetch/body.js');
const { readRequest } = require('./fetch/request.js');
const { fetchError, fetchResponse } = require('./fetch/response.js');

/** URLs whose content is in them or in this process. They need neither a request nor a token. */
const LOCAL = /^(?:data|blob):/i;
const { fetch: platformFetch } = globalThis;

/**
 * @param {import('./external/authoriser.js').Exchange} exchange
 * @param {import('./crossing/native-request.js').NativeRequest['redirect']} redirect  the mode unless `init` has one
 */
function makeFetch(exchange, redirect) {
  /** @param {any} input @param {any} init */
  return async function fetch(input, init = undefined) {
    let signal;
    try {
      const { href, request, unread, length } = readRequest(input, init, redirect);
      ({ signal } = request);
      if (LOCAL.test(href)) return await platformFetch(input, init);
      if (unread !== undefined) request.data = await gather(unread, signal);
      if (length !== undefined) settleLength(request, length);
      return fetchResponse(await exchange(href, request), request);
    } catch (error) {
      throw isReason(error, signal) ? error : fetchError(error);
    }
  };
}

module.exports = { makeFetch };
