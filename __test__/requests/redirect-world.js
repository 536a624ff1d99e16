'use strict';

// Five servers that redirect as the path says, and what must arrive at each by the rules of the fetch standard and ours:
// nothing of the caller's beyond the first origin, nor back there.

const { lookup } = require('node:dns/promises');
const { QUERY, TOKEN, clientFor, failure, serve } = require('./servers.js');
const { OWN } = require('./redirect-cases.js');
const tls = require('../support/tls');

/**
 * The servers, to be opened once for a file. Whatever they are asked is in the path: `/STATUS?to=LOCATION` redirects,
 * `/STATUS` alone answers, and `/STATUS?left=N&along=ORIGIN…` redirects N times, to each of the origins by turns.
 */
async function openWorld() {
  const arrivals = [];
  const open = async (scheme) => {
    const server = await serve(
      (request, response, body) => {
        const { method, url, headers, rawHeaders } = request;
        const { localPort } = request.socket;
        arrivals.push({
          method,
          origin: `${scheme}://${headers.host}`,
          localPort,
          url,
          headers,
          rawHeaders,
          body,
        });
        answer(url, response);
      },
      { secure: scheme === 'https' },
    );
    return server.url;
  };
  const [home, second, third] = [await open('http'), await open('http'), await open('http')];
  const [secure, vault] = [await open('https'), await open('https')];
  const named = home.replace('127.0.0.1', 'localhost');
  const subdomain = home.replace('127.0.0.1', 'api.localhost');
  const found = await lookup('api.localhost', { all: true }).catch(() => []);
  return {
    arrivals,
    origins: { home, second, third, secure, vault, named, subdomain },
    /** Whether this system resolves `*.localhost`: systemd-resolved does, glibc alone does not. */
    knowsSubdomain: found.some(({ address }) => address === '127.0.0.1'),
  };
}

function answer(url, response) {
  const { pathname, searchParams } = new URL(url, 'http://any.invalid');
  const location = searchParams.get('to') ?? turn(pathname, searchParams);
  if (pathname === '/broken') return response.destroy();
  response.writeHead(Number(pathname.slice(1)), location === undefined ? {} : { location }).end('the answer');
}

function turn(pathname, params) {
  const left = Number(params.get('left'));
  if (left === 0) return undefined;
  const [next, ...later] = params.getAll('along');
  if (left === 1) return `${next}/200`;
  const query = new URLSearchParams([
    ['left', left - 1],
    ...[...later, next].map((origin) => ['along', origin]),
  ]);
  return `${next}${pathname}?${query}`;
}

/** The path that leads from the first stop to the others, each with `status`, and there to an answer with `end`. */
function pathAlong({ stops, path, write = (url) => url }, origins, status, end) {
  if (path !== undefined) return path(status, origins);
  const on = ([next, ...later]) =>
    next === undefined
      ? `/${end}`
      : `/${status}?to=${encodeURIComponent(write(origins[next] + on(later), origins))}`;
  return on(stops.slice(1));
}

/** How many stops see the request, and the code of the caller's error; none for an answer. */
function outcome({ knowsSubdomain }, { way: { stops, refused = false }, mode, end }) {
  if (mode === 'manual') return { reached: 1 };
  if (mode === 'error') return { reached: 1, code: 'ERR_REDIRECT' };
  const away = stops.findIndex((stop) => stop !== stops[0]);
  if (mode === 'same-origin' && away > 0) return { reached: away, code: 'ERR_REDIRECT' };
  const short = stops.length - 1;
  if (refused) return { reached: short, code: 'ERR_REDIRECT' };
  if (stops.includes('subdomain') && !knowsSubdomain) return { reached: short, code: 'ERR_NETWORK' };
  return { reached: stops.length, code: end === 'broken' ? 'ERR_NETWORK' : undefined };
}

/** The fetch standard's HTTP-redirect fetch, step 12. */
function becomesGet(status, method) {
  if (status === 303) return method !== 'GET' && method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}

/**
 * Sends what is `carried` along a way and judges, from the servers' side, what arrived at each stop. `end`: the status at
 * the end of the way, or 'broken'. `more`: of the client's options.
 */
async function travel(world, { way, carried, mode = 'follow', status = 302, end = 200, more }) {
  const { arrivals, origins } = world;
  arrivals.length = 0;
  const first = origins[way.stops[0]];
  const client = clientFor(undefined, {
    baseURL: first,
    // Could be refreshed, which fails the test.
    tokens: { accessToken: TOKEN, refreshToken: 'r' },
    tls: { ca: tls.ca },
    ...carried.client,
    ...more,
  });
  const options = { ...carried.request, query: { own: QUERY }, redirect: mode };
  const call = client.request(first + pathAlong(way, origins, status, end), options);
  const { reached, code } = outcome(world, { way, mode, end });
  if (code === undefined) {
    const response = await call;
    const isAnswer = mode !== 'manual';
    expect(response).toMatchObject({ status: isAnswer ? end : status, attempts: 1, redirected: isAnswer });
  } else {
    const error = await failure(call);
    expect(error).toMatchObject({ code });
    expect(error.message).not.toContain(OWN);
  }
  expect(client.stats()).toMatchObject({ rotations: 0, rotationsFailed: 0, replays: 0 });
  expect(arrivals.map(({ origin }) => origin)).toEqual(
    way.stops.slice(0, reached).map((stop) => origins[stop]),
  );
  expectArrivals(arrivals, carried, status);
}

function expectArrivals(arrivals, { request, sent }, status) {
  let { method = 'GET', body = '' } = request;
  let away = false;
  arrivals.forEach((arrival, i) => {
    if (i > 0 && becomesGet(status, method)) [method, body] = ['GET', ''];
    away ||= arrival.origin !== arrivals[0].origin;
    expect(new URL(arrival.origin).port).toBe(String(arrival.localPort));
    expect(arrival.method).toBe(method);
    expect(arrival.body.equals(Buffer.from(body))).toBe(true);
    if (away) expectNothingOwn(arrival);
    else expectAll(arrival, sent);
  });
}

/** The headers alike for every caller of every server, and those of a body that had to come along. */
function expectNothingOwn({ url, headers, rawHeaders, body }) {
  const ofBody = body.length > 0 ? ['content-length', 'content-type'] : [];
  const names = ['accept', 'accept-encoding', ...ofBody, 'host', 'user-agent'];
  expect(Object.keys(headers).sort()).toEqual(names);
  for (const marker of [TOKEN, OWN, QUERY, 'body-marker']) {
    expect(url).not.toContain(marker);
    expect(rawHeaders.join('\n')).not.toContain(marker);
  }
}

function expectAll({ headers, body }, sent) {
  const { 'content-type': type, ...others } = sent;
  expect(headers).toMatchObject(others);
  expect(headers['content-type']).toBe(body.length > 0 ? type : undefined);
}

module.exports = { openWorld, travel };
