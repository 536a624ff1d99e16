'use strict';

// Spans, their parents, and `traceparent` on the wire, with OpenTelemetry's own SDK.

const { SpanKind, SpanStatusCode, trace: api } = require('@opentelemetry/api');
const { traceWithOpenTelemetry } = require('../../lib/opentelemetry.js');
const { clientFor, closeServers, serve, serveExpired } = require('../requests/servers.js');
const { WAYS, parentOf, traceparentOf, useSpans, useWays } = require('./spans.js');

const { inSpan, rotations, spansOf, stop, trace, tracerProvider } = useSpans();
const ways = useWays();
afterEach(closeServers);

test.each(WAYS)('%s: one span for each try, and its traceparent', async (way) => {
  const { server } = await serveExpired((_request, response) => response.end('ok'));
  const send = ways[way](server.url, { tokens: { accessToken: 'first', refreshToken: 'r' } });
  const caller = await inSpan(() => send(`${server.url}/orders?secret=1`));
  const spans = spansOf(SpanKind.CLIENT);
  expect(spans.map(parentOf)).toEqual([caller.spanId, caller.spanId]);
  expect(server.seen.map(({ headers }) => headers.traceparent)).toEqual(spans.map(traceparentOf));
  const { method } = server.seen[0];
  expect(spans.map(({ name }) => name)).toEqual([method, method]);
  const both = {
    ...{ 'http.request.method': method, 'url.full': `${server.url}/orders` },
    ...{ 'server.address': '127.0.0.1', 'server.port': server.port },
  };
  expect(spans.map(({ attributes }) => attributes)).toEqual([
    {
      ...{ ...both, 'http.response.status_code': 401, 'error.type': '401' },
      ...{ 'token_rotator.cause': 'first', 'token_rotator.generation': 1 },
    },
    {
      ...{ ...both, 'http.response.status_code': 200, 'http.request.resend_count': 1 },
      ...{ 'token_rotator.cause': 'replay', 'token_rotator.generation': 2 },
    },
  ]);
  expect(spans.map(({ status }) => status.code)).toEqual([SpanStatusCode.ERROR, SpanStatusCode.UNSET]);
});

test('a retry is a try', async () => {
  let count = 0;
  const server = await serve((_, response) => {
    response.statusCode = (count += 1) === 1 ? 503 : 200;
    response.end();
  });
  await inSpan(() => clientFor(server, { retry: { limit: 1 } }).get('/'));
  expect(spansOf(SpanKind.CLIENT).map(({ attributes }) => attributes['token_rotator.cause'])).toEqual([
    'first',
    'retry',
  ]);
  expect(new Set(server.seen.map(({ headers }) => headers.traceparent)).size).toBe(2);
});

test('a rotation is a trace of its own, linked to the callers whose requests are under way', async () => {
  const { client } = await serveExpired((_, response) => response.end('ok'));
  const callers = await Promise.all([1, 2].map(() => inSpan(() => client.get('/'))));
  const [rotation, ...more] = rotations();
  expect(more).toEqual([]);
  expect(parentOf(rotation)).toBeUndefined();
  const linked = rotation.links.map((link) => link.context.spanId);
  expect(linked).toEqual(callers.map(({ spanId }) => spanId));
  expect(rotation.attributes).toMatchObject({
    ...{ 'token_rotator.cause': 'rejected', 'token_rotator.outcome': 'rotated' },
    ...{ 'token_rotator.generation': 2, 'token_rotator.attempts': 1, 'token_rotator.lease_wait': 0 },
  });
});

test('a request that `ignore` names, and requests after the end, have no spans', async () => {
  trace({ ignore: ({ url }) => url.endsWith('/health') });
  const server = await serve();
  const client = clientFor(server);
  await client.get('/health');
  stop();
  await client.get('/');
  expect(spansOf(SpanKind.CLIENT)).toEqual([]);
  expect(server.seen.map(({ headers }) => headers.traceparent)).toEqual([undefined, undefined]);
});

test('the global provider is the default', async () => {
  api.setGlobalTracerProvider(tracerProvider);
  trace({ tracerProvider: undefined });
  await clientFor(await serve()).get('/');
  api.disable();
  expect(spansOf(SpanKind.CLIENT)).toHaveLength(1);
});

test.each([{ tracerProvider: {} }, { ignore: true }, { other: 1 }])('wrong options: %p', (options) => {
  expect(() => traceWithOpenTelemetry(options)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
  );
});
