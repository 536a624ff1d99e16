'use strict';

// Redirects that a program watches with `beforeRedirect`. Each hop is a request of its own here, because Rust does not ask
// JavaScript between two hops; Rust decides where a hop leads and which headers it keeps.

const { NativeRequest, isSource } = require('../../crossing/native-request.js');
const { TokenRotatorError } = require('../../errors.js');
const { FRAMING, readHeaders } = require('../../options/headers.js');
const { own } = require('../../options/check.js');
const { isPlaceholder } = require('../../foreign-header.js');
const { headersOf } = require('./answer.js');
const { Failure } = require('../failure.js');

/** How many redirects axios follows without `maxRedirects`. */
const USUAL_REDIRECTS = 21;

function isWatched(config) {
  return own(config, 'maxRedirects') !== 0 && Boolean(own(config, 'beforeRedirect'));
}

/** Returns the last answer. `sent` is told the method of each request, `timeLeft()` is that of all of them. */
async function follow(auth, href, request, config, sent, timeLeft) {
  // All hops belong to the login that the first request was made under.
  const authorised = !request.skipAuthRefresh && !hasForeign(request.headers, auth.headerName);
  const { epoch } = authorised ? await auth.authorise() : {};
  for (let left = request.maxRedirects ?? USUAL_REDIRECTS; ; left--) {
    const answer = await auth.exchange(href, request);
    const hop = auth.nextHop(request, answer);
    if (hop === null) return answer;
    answer.download?.cancel();
    if (left === 0) {
      const cause = new TokenRotatorError('the server redirects too often', { code: 'ERR_REDIRECT' });
      const message = 'Maximum number of redirects exceeded';
      throw new Failure('ERR_FR_TOO_MANY_REDIRECTS', message, { cause, sent: true });
    }
    const data = hop.keepsBody ? again(request.data) : undefined;
    const headers = inform(own(config, 'beforeRedirect'), hop, answer, request);
    request = Object.assign(new NativeRequest(hop.method), request, {
      method: hop.method,
      headers,
      data,
      timeout: timeLeft(),
      // The token stays behind even if a later redirect comes back.
      skipAuthRefresh: request.skipAuthRefresh || hop.leavesOrigin,
    });
    if (authorised && !request.skipAuthRefresh) await auth.authorise(epoch);
    href = hop.url;
    sent.method = hop.method;
  }
}

/** True if the header lines have one of this name that is no placeholder. */
function hasForeign(lines, header) {
  const parts = lines.split('\n');
  return parts.some((line, i) => i % 2 === 0 && line === header && !isPlaceholder(parts[i + 1]));
}

/** The same body for another request. */
function again(data) {
  if (!isSource(data)) return data;
  if (data.again !== undefined) return { ...data, first: undefined };
  throw new TokenRotatorError(
    'the request would have to be sent again, but its body is a stream that was used up; pass a function that makes the body, or bytes',
    { code: 'ERR_BODY_NOT_REPLAYABLE' },
  );
}

/** Calls `beforeRedirect`, which may change the headers of the next request, or throw to end it. Returns the headers. */
function inform(beforeRedirect, hop, answer, { method, headers }) {
  const { href, protocol, host, hostname, port, pathname, search } = new URL(hop.url);
  const target = { href, protocol, host, hostname, port, pathname, search, path: pathname + search };
  /** @type {any} */
  const options = { ...target, method: hop.method, headers: objectOf(hop.headers) };
  const redirect = { statusCode: answer.status, headers: headersOf(answer.lines) };
  try {
    beforeRedirect(options, redirect, { url: answer.url, method, headers: objectOf(headers) });
  } catch (cause) {
    const message = `Redirected request failed: ${cause?.message}`;
    throw new Failure('ERR_FR_REDIRECTION_FAILURE', message, { cause, sent: true });
  }
  const changed = Object.entries(options.headers ?? {}).filter(([name]) => !FRAMING.has(name.toLowerCase()));
  if (options.auth) changed.push(['authorization', `Basic ${Buffer.from(options.auth).toString('base64')}`]);
  return readHeaders(changed);
}

/** The values of a header that came twice are joined: RFC 9110 §5.3. */
function objectOf(lines) {
  return headersOf(['', '', ...lines.split('\n')]);
}

module.exports = { follow, isWatched };
