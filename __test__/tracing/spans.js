'use strict';

// Spans of a test, kept in memory by OpenTelemetry's own SDK, and a program's ways to send a request.
//
//   const { inSpan, spansOf, trace } = useSpans();   // at the top of a test file: it registers the hooks
//   const caller = await inSpan(() => client.get(url));

const { context, propagation } = require('@opentelemetry/api');
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
const { W3CTraceContextPropagator } = require('@opentelemetry/core');
const {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} = require('@opentelemetry/sdk-trace-base');
const axios = require('axios');
const { axiosAdapter, installAuthRefresh } = require('../../lib/axios.js');
const { traceWithOpenTelemetry } = require('../../lib/opentelemetry.js');
const { clientFor } = require('../requests/servers.js');
const { ask, useDispatchers } = require('../undici/dispatchers.js');

function useSpans() {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = tracerProvider.getTracer('test');
  let stop;

  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  });
  beforeEach(() => trace());
  afterEach(() => {
    stop();
    exporter.reset();
  });
  afterAll(() => {
    context.disable();
    propagation.disable();
  });

  /** Begins the tracing anew. */
  function trace(options) {
    stop?.();
    stop = traceWithOpenTelemetry({ tracerProvider, ...options });
  }

  /** Runs `work` in a span, and returns that span's context. */
  function inSpan(work) {
    return tracer.startActiveSpan('caller', async (span) => {
      await work();
      span.end();
      return span.spanContext();
    });
  }

  const finished = () => exporter.getFinishedSpans();
  const spansOf = (kind) => finished().filter((span) => span.kind === kind);
  const rotations = () => finished().filter(({ name }) => name === 'token rotation');
  return { finished, inSpan, rotations, spansOf, stop: () => stop(), trace, tracer, tracerProvider };
}

const parentOf = (span) => span.parentSpanContext?.spanId;
const traceparentOf = (span) => `00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`;

/**
 * The ways to send a request, by name: `make(origin, options)` returns a function of `(url, { signal })`, which rejects as that way does.
 * `options` are those of a client.
 */
function useWays() {
  const { through } = useDispatchers();
  const ends = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  const client = (origin, options) => {
    const made = clientFor({ url: origin }, { refresh: () => ({ accessToken: 'second' }), ...options });
    ends.push(() => made.close());
    return made;
  };
  const instance = (origin, { tokens, refresh = () => ({ accessToken: 'second' }) } = {}) => {
    const api = axios.create({ baseURL: origin, proxy: false });
    const held = { refreshToken: 'r', ...tokens };
    const { uninstall } = installAuthRefresh(api, {
      getTokens: () => held,
      setTokens: (next) => void Object.assign(held, next),
      refresh,
    });
    ends.push(async () => uninstall());
    return api;
  };
  return {
    get: (origin, options) => {
      const made = client(origin, options);
      return (url, init) => made.get(url, init);
    },
    post: (origin, options) => {
      const made = client(origin, options);
      return (url, init) => made.post(url, { item: 7 }, init);
    },
    fetch: (origin, options) => {
      const made = client(origin, options);
      return (url, init) => made.fetch(url, init);
    },
    'axios’ adapter': (origin, options) => {
      const api = axios.create({ adapter: axiosAdapter(client(origin, options)) });
      return (url, init) => api.get(url, init);
    },
    'undici’s interceptor': (origin, options) => {
      const dispatcher = through(client(origin, options));
      return (url, init) => ask(dispatcher, url, init);
    },
    'axios’ interceptors': (origin, options) => {
      const api = instance(origin, options);
      return (url, init) => api.get(url, init);
    },
  };
}

const WAYS = ['get', 'post', 'fetch', 'axios’ adapter', 'undici’s interceptor', 'axios’ interceptors'];

module.exports = { WAYS, parentOf, traceparentOf, useSpans, useWays };
