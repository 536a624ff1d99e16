'use strict';

// `client.fetch`: the client's requests in the ways of the global fetch. What it is called with is read in
// `fetch/request.js`, what it gives is made in `fetch/response.js`.

const { gather, settleLength } = require('./fetch/body.js');
const { fetchError } = require('./fetch/errors.js');
const { readRequest } = require('./fetch/request.js');
const { fetchResponse } = require('./fetch/response.js');
const { REDIRECTS } = require('./options/request.js');

/** What is in the URL, or in this process: no request, and no token. */
const LOCAL = /^(?:data|blob):/i;
const { fetch: platformFetch } = globalThis;

/**
 * `send` takes a URL and a request as `readRequestOptions` gives it, and resolves with the native answer. `redirect` is
 * the mode of requests that ask for none.
 */
function makeFetch(send, redirect) {
  const mode = REDIRECTS.indexOf(redirect);
  return async function fetch(input, init = undefined) {
    let request;
    try {
      request = readRequest(input, init, mode);
      if (LOCAL.test(request.href)) return await platformFetch(input, init);
      if (request.unread !== undefined) request.data = await gather(request.unread, request.signal);
      if (request.length !== undefined) settleLength(request);
      return fetchResponse(await send(request.href, request), request);
    } catch (error) {
      // The signal's reason is the caller's own, whatever it looks like.
      const signal = request?.signal;
      throw signal?.aborted && error === signal.reason ? error : fetchError(error);
    }
  };
}

module.exports = { makeFetch };
