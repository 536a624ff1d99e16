'use strict';

// Redirects that axios wants to count, or to hear of: `maxRedirects`, `beforeRedirect`. Each is a request of its own
// here, and the rules are those of Rust's `redirect.rs`: what a request carries stays within its origin.

const { performance } = require('node:perf_hooks');
const { isSource } = require('../../body/streams.js');
const { NativeRequest } = require('../../crossing/native-request.js');
const { TokenRotatorError } = require('../../errors.js');
const { FRAMING, hasHeader, readHeaders } = require('../../options/headers.js');
const { own } = require('../own-property.js');
const { headersOf } = require('./answer.js');
const { Failure } = require('./failure.js');

const REDIRECTS = [301, 302, 303, 307, 308];
/** Headers that are the same for every caller of every origin. */
const TRAVELS = ['accept', 'accept-encoding', 'accept-language', 'user-agent'];

/** The last answer. `hops`: how many redirects may be followed. `sent` is told what becomes of the request. */
async function follow({ exchange, auth }, href, request, hops, { config, sent }) {
  const beforeRedirect = own(config, 'beforeRedirect');
  const deadline = request.timeout && performance.now() + request.timeout;
  // All of them belong to the login that the first was made under.
  const authorised = !request.skipAuth && !hasHeader(request.headers, auth.headerName);
  const { epoch } = authorised ? await auth.authorise() : {};
  for (let count = 1; ; count++) {
    const native = await exchange(href, request);
    const answer = { statusCode: native.status, headers: headersOf(native.lines) };
    if (!REDIRECTS.includes(answer.statusCode) || answer.headers.location === undefined) return native;
    native.download?.cancel();
    if (count > hops) {
      throw new Failure('ERR_FR_TOO_MANY_REDIRECTS', 'Maximum number of redirects exceeded', { sent: true });
    }
    const from = new URL(native.url);
    const to = locate(answer.headers.location, from);
    const previous = { url: from.href, method: request.method, headers: objectOf(request.headers) };
    request = nextRequest(request, answer.statusCode, from.origin !== to.origin);
    if (beforeRedirect) request.headers = inform(beforeRedirect, request, to, answer, previous);
    if (deadline) request.timeout = Math.max(1, deadline - performance.now());
    if (authorised && !request.skipAuth) await auth.authorise(epoch);
    href = to.href;
    sent.method = request.method;
  }
}

function locate(location, from) {
  const to = URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (to === undefined) throw failed('Invalid URL');
  if (!/^https?:$/.test(to.protocol)) throw failed(`Unsupported protocol ${to.protocol}`);
  if (to.username || to.password) throw failed('the URL has a user name or password in it');
  if (from.protocol === 'https:' && to.protocol === 'http:') throw failed('from https to plain http');
  return to;
}

function nextRequest(request, status, leaves) {
  const { method, data } = request;
  const becomesGet =
    status === 303 ? method !== 'GET' && method !== 'HEAD' : status < 303 && method === 'POST';
  const headers = Object.entries(objectOf(request.headers)).filter(([name]) => {
    if (name.startsWith('content-')) return !becomesGet && data !== undefined;
    return name !== 'host' && (!leaves || TRAVELS.includes(name));
  });
  return Object.assign(new NativeRequest(method), request, {
    method: becomesGet ? 'GET' : method,
    headers: readHeaders(headers),
    data: becomesGet ? undefined : again(data),
    // What was left behind stays there, even if a later redirect comes back.
    skipAuth: request.skipAuth || leaves,
  });
}

/** What can be sent once more of what was sent. */
function again(data) {
  if (!isSource(data)) return data;
  if (data.again !== undefined) return { ...data, first: undefined };
  throw new TokenRotatorError(
    'the request would have to be sent again, but its body is a stream that was used up; pass a function that makes the body, or bytes',
    { code: 'ERR_BODY_NOT_REPLAYABLE' },
  );
}

/** Lets the program see the next request, and change its headers; or throw, to end it here. */
function inform(beforeRedirect, { method, headers }, to, answer, previous) {
  const { href, protocol, host, hostname, port, pathname, search } = to;
  const target = { href, protocol, host, hostname, port, pathname, search, path: pathname + search };
  const options = { ...target, method, headers: objectOf(headers) };
  try {
    beforeRedirect(options, answer, previous);
  } catch (cause) {
    throw failed(cause?.message, cause);
  }
  const changed = Object.entries(options.headers ?? {}).filter(([name]) => !FRAMING.has(name.toLowerCase()));
  if (options.auth) changed.push(['authorization', `Basic ${Buffer.from(options.auth).toString('base64')}`]);
  return readHeaders(changed);
}

/** The values of a header that came twice are joined: RFC 9110 §5.3. */
function objectOf(lines) {
  return headersOf(['', '', ...lines.split('\n')]);
}

function failed(why, cause) {
  const message = `Redirected request failed: ${why}`;
  return new Failure('ERR_FR_REDIRECTION_FAILURE', message, { cause, sent: true });
}

module.exports = { follow };
