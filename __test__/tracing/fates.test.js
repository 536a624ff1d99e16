'use strict';

// Spans of requests that fail, are given up, are redirected, or wait together, whichever way they are sent.

const { SpanKind, SpanStatusCode, diag } = require('@opentelemetry/api');
const { BasicTracerProvider } = require('@opentelemetry/sdk-trace-base');
const { inspect } = require('node:util');
const { clientFor, closeServers, serve, serveExpired } = require('../requests/servers.js');
const { useChannels } = require('./listen.js');
const { WAYS, parentOf, traceparentOf, useSpans, useWays } = require('./spans.js');

const { listen } = useChannels();
const { finished, inSpan, rotations, spansOf, stop, trace } = useSpans();
const ways = useWays();
afterEach(closeServers);

const errorTypes = () => spansOf(SpanKind.CLIENT).map((span) => span.attributes['error.type']);
const causes = () => spansOf(SpanKind.CLIENT).map((span) => span.attributes['token_rotator.cause']);

/** One span, which is an error and has no status. */
function expectOneFailure(server, caller) {
  const [span, ...more] = spansOf(SpanKind.CLIENT);
  expect(more).toEqual([]);
  expect(parentOf(span)).toBe(caller.spanId);
  expect(span.status.code).toBe(SpanStatusCode.ERROR);
  expect(span.attributes['http.response.status_code']).toBeUndefined();
  expect(server.seen.map(({ headers }) => headers.traceparent)).toEqual([traceparentOf(span)]);
}

test.each(WAYS)('%s: a connection that is lost', async (way) => {
  const server = await serve((request) => request.socket.destroy());
  const send = ways[way](server.url, { tokens: { accessToken: 'first' } });
  const caller = await inSpan(() => send(`${server.url}/`).catch(() => {}));
  expectOneFailure(server, caller);
  const code = { 'undici’s interceptor': 'UND_ERR_SOCKET', 'axios’ interceptors': 'ECONNRESET' }[way];
  expect(errorTypes()).toEqual([code ?? 'ERR_NETWORK']);
});

test.each(WAYS)('%s: a request that its caller aborts', async (way) => {
  const controller = new AbortController();
  const server = await serve(() => controller.abort());
  const send = ways[way](server.url, { tokens: { accessToken: 'first' } });
  const caller = await inSpan(() => send(`${server.url}/`, { signal: controller.signal }).catch(() => {}));
  expectOneFailure(server, caller);
  expect(errorTypes()).toEqual(['ABORT_ERR']);
});

test.each(['get', 'post', 'fetch', 'axios’ adapter'])('%s: a request that takes too long', async (way) => {
  const server = await serve(() => {});
  const send = ways[way](server.url, { tokens: { accessToken: 'first' }, timeout: 300 });
  const caller = await inSpan(() => send(`${server.url}/`).catch(() => {}));
  expectOneFailure(server, caller);
  expect(errorTypes()).toEqual(['ERR_TIMEOUT']);
});

test.each(['get', 'fetch', 'axios’ adapter'])('%s: 503, a lost connection, and a rejection', async (way) => {
  let count = 0;
  const server = await serve((request, response) => {
    count += 1;
    if (count === 2) return request.socket.destroy();
    response.statusCode = { 1: 503, 3: 401 }[count] ?? 200;
    response.end();
  });
  const send = ways[way](server.url, {
    tokens: { accessToken: 'first', refreshToken: 'r' },
    retry: { limit: 5 },
  });
  const caller = await inSpan(() => send(`${server.url}/`));
  const spans = spansOf(SpanKind.CLIENT);
  expect(causes()).toEqual(['first', 'retry', 'retry', 'replay']);
  expect(errorTypes()).toEqual(['503', 'ERR_NETWORK', '401', undefined]);
  const counts = spans.map((span) => span.attributes['http.request.resend_count']);
  expect(counts).toEqual([undefined, 1, 2, 3]);
  expect(spans.map(parentOf)).toEqual(Array(4).fill(caller.spanId));
  expect(server.seen.map(({ headers }) => headers.traceparent)).toEqual(spans.map(traceparentOf));
});

test.each(WAYS)('%s: a rejection that the caller gets', async (way) => {
  const server = await serve((_, response) => {
    response.statusCode = 401;
    response.end();
  });
  const refresh = () => Promise.reject(Object.assign(new Error('no'), { status: 503 }));
  const options = { tokens: { accessToken: 'first', refreshToken: 'r' }, maxRetries: 0, refresh };
  await inSpan(() => ways[way](server.url, options)(`${server.url}/`).catch(() => {}));
  expect(errorTypes()).toEqual(['401']);
  expect(rotations().map((span) => [span.status.code, span.attributes['token_rotator.outcome']])).toEqual([
    [SpanStatusCode.ERROR, 'failed'],
  ]);
});

test.each(WAYS.filter((way) => way !== 'axios’ interceptors'))(
  '%s: a token that the server does not know yet',
  async (way) => {
    let count = 0;
    const server = await serve((_, response) => {
      count += 1;
      response.statusCode = count < 3 ? 401 : 200;
      response.end();
    });
    const send = ways[way](server.url, { tokens: { accessToken: 'first', refreshToken: 'r' } });
    await inSpan(() => send(`${server.url}/`));
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
      ...['Bearer first', 'Bearer second', 'Bearer second'],
    ]);
    expect(causes()).toEqual(['first', 'replay', 'again']);
  },
);

test('a redirect belongs to its try', async () => {
  const server = await serve((request, response) => {
    if (request.url === '/from') response.writeHead(302, { location: '/to' });
    response.end();
  });
  await inSpan(() => clientFor(server).get('/from'));
  const [span, ...more] = spansOf(SpanKind.CLIENT);
  expect(more).toEqual([]);
  expect(span.attributes).toMatchObject({
    'url.full': `${server.url}/from`,
    'http.response.status_code': 200,
  });
  const sent = server.seen.map(({ url, headers }) => [url, headers.traceparent]);
  expect(sent).toEqual(['/from', '/to'].map((url) => [url, traceparentOf(span)]));
});

test.each(WAYS)('%s: each of 100 callers behind one rotation has its own spans', async (way) => {
  const { server } = await serveExpired((_, response) => response.end('ok'));
  const send = ways[way](server.url, { tokens: { accessToken: 'first', refreshToken: 'r' } });
  const callers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => inSpan(() => send(`${server.url}/of/${i}`))),
  );
  const spans = spansOf(SpanKind.CLIENT);
  const own = new Map(spans.map((span) => [traceparentOf(span), span]));
  expect(own.size).toBe(spans.length);
  expect(server.seen).toHaveLength(spans.length);
  for (const { url, headers } of server.seen) {
    const span = own.get(headers.traceparent);
    const caller = callers[Number(url.split('/').at(-1))];
    expect([span.spanContext().traceId, parentOf(span)]).toEqual([caller.traceId, caller.spanId]);
  }
  for (const { spanId } of callers) {
    const tries = spans.filter((span) => parentOf(span) === spanId);
    expect(tries.at(-1).attributes['http.response.status_code']).toBe(200);
  }
  expect(rotations()).toHaveLength(1);
  expect(rotations()[0].links).toHaveLength(32);
});

test.each(WAYS)(
  '%s: headers of a try replace the request’s own in any case, and a list is a list',
  async (way) => {
    const server = await serve();
    listen('try', ({ headers }) => {
      Object.assign(headers, { traceparent: 'of-the-try', tracestate: ['a=1', 'b=2'] });
    });
    const headers = { TraceParent: 'own', 'X-Own': 'kept' };
    await ways[way](server.url, { tokens: { accessToken: 'first' } })(`${server.url}/`, { headers });
    const [{ rawHeaders, headers: seen }] = server.seen;
    expect(rawHeaders.filter((name) => /^traceparent$/i.test(name))).toHaveLength(1);
    expect(seen).toMatchObject({ traceparent: 'of-the-try', tracestate: 'a=1, b=2', 'x-own': 'kept' });
  },
);

test.each(WAYS)('%s: the tracing ends between two tries', async (way) => {
  const { server } = await serveExpired((_, response) => {
    stop();
    response.end('ok');
  });
  const send = ways[way](server.url, { tokens: { accessToken: 'first', refreshToken: 'r' } });
  await inSpan(() => send(`${server.url}/`));
  // That of the first try would make the replay's server a child of a span that has ended.
  expect(server.seen.map(({ headers }) => typeof headers.traceparent)).toEqual(['string', 'undefined']);
});

test.each(WAYS)('%s: the tracing begins between two tries', async (way) => {
  stop();
  const { server } = await serveExpired((_, response) => {
    trace();
    response.end('ok');
  });
  const send = ways[way](server.url, { tokens: { accessToken: 'first', refreshToken: 'r' } });
  await inSpan(() => send(`${server.url}/`));
  expect(spansOf(SpanKind.CLIENT)).toEqual([]);
  expect(server.seen.map(({ headers }) => headers.traceparent)).toEqual([undefined, undefined]);
});

test('a rotation has no link to requests of another client', async () => {
  const server = await serve();
  let finish;
  const waiting = clientFor(server, {
    tokens: { accessToken: 'x', refreshToken: 'r' },
    refresh: () => new Promise((resolve) => (finish = resolve)),
  });
  const held = waiting.rotate();
  const other = inSpan(() => waiting.get('/', { headers: { 'x-a': 'b' } }));
  const { client } = await serveExpired((_, response) => response.end('ok'));
  const caller = await inSpan(() => client.get('/'));
  while (finish === undefined) await new Promise(setImmediate);
  finish({ accessToken: 'y' });
  await Promise.all([held, other]);
  const rejected = rotations().find((span) => span.attributes['token_rotator.cause'] === 'rejected');
  expect(rejected.links.map((link) => link.context.spanId)).toEqual([caller.spanId]);
});

test('an `ignore` that throws neither ends the process nor hides a request', async () => {
  trace({
    ignore: () => {
      throw new Error('a mistake');
    },
  });
  await inSpan(async () => clientFor(await serve()).get('/'));
  expect(spansOf(SpanKind.CLIENT)).toHaveLength(1);
});

test.each(['onStart', 'onEnd'])(
  'a span processor whose %s throws ends neither process nor request',
  async (name) => {
    const error = jest.fn();
    diag.setLogger({ error, warn() {}, info() {}, debug() {}, verbose() {} });
    const thrown = new Error('a mistake');
    const processor = { onStart() {}, onEnd() {}, shutdown: async () => {}, forceFlush: async () => {} };
    processor[name] = () => {
      throw thrown;
    };
    trace({ tracerProvider: new BasicTracerProvider({ spanProcessors: [processor] }) });
    const { client } = await serveExpired((_, response) => response.end('ok'));
    expect((await client.get('/')).status).toBe(200);
    // The rotation and two tries.
    expect(error.mock.calls.map((args) => args.at(-1))).toEqual([thrown, thrown, thrown]);
    diag.disable();
  },
);

test.each(WAYS)('%s: no secret is in a span', async (way) => {
  const { server } = await serveExpired((_, response) => response.end('ok'));
  const tokens = { accessToken: 'first-marker', refreshToken: 'refresh-marker' };
  const send = ways[way](server.url, {
    ...{ tokens, session: 'session-marker' },
  });
  await inSpan(() => send(`${server.url}/?secret=query-marker#fragment-marker`).catch(() => {}));
  const spans = finished().map(({ name, attributes: facts, links, events, status }) => [
    ...[name, facts, links, events, status],
  ]);
  expect(spans.length).toBeGreaterThan(3);
  const text = inspect(spans, { depth: 9 });
  expect(text).not.toMatch(/marker|Bearer|second/);
});
