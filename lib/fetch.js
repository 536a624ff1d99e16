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
 * @import { NativeRequest } from './crossing/native-request.js'
 * @param {import('./external/authoriser.js').Exchange} exchange
 * @param {() => NativeRequest} newRequest  with the mode of redirects unless `init` has one
 */
function makeFetch(exchange, newRequest) {
  /** @param {any} input @param {any} init */
  return async function fetch(input, init = undefined) {
    const request = newRequest();
    try {
      const { href, unread, length } = readRequest(request, input, init);
      const { signal } = request;
      if (LOCAL.test(href)) return await platformFetch(input, init);
      if (unread !== undefined) request.data = await gather(unread, signal);
      if (length !== undefined) settleLength(request, length);
      return fetchResponse(await exchange(href, request), request);
    } catch (error) {
      throw isReason(error, request.signal) ? error : fetchError(error);
    }
  };
}

module.exports = { makeFetch };
