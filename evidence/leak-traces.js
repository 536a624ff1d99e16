'use strict';

// What listeners hear while the scan runs: messages of `node:diagnostics_channel`, and OpenTelemetry's spans.

const { channel, tracingChannel } = require('node:diagnostics_channel');
const { W3CTraceContextPropagator } = require('@opentelemetry/core');
const { propagation } = require('@opentelemetry/api');
const {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} = require('@opentelemetry/sdk-trace-base');
const { traceWithOpenTelemetry } = require('../lib/opentelemetry.js');

/** A path may hold a secret, as the page says; credentials, query and fragment may not. */
function withoutPath(url) {
  return URL.canParse(url) ? Object.assign(new URL(url), { pathname: '/' }).href : url;
}

/** Without the session's key, which channels name and spans do not. `request` of a try is a message of its own. */
function shownMessage({ request: _request, session: _session, url, ...rest }) {
  return { ...rest, ...(url !== undefined && { url: withoutPath(url) }) };
}

/** `note` takes every message and every span. Returns what ends that, after the spans that are left. */
function listen(note) {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const stop = traceWithOpenTelemetry({ tracerProvider });
  const hear = (message) => note(shownMessage(message));
  const channels = ['request', 'try', 'rotation'].map((name) => tracingChannel(`token-rotator:${name}`));
  for (const one of channels) one.asyncEnd.subscribe(hear);
  const sessions = channel('token-rotator:session');
  sessions.subscribe(hear);

  /** Notes the spans that have ended. */
  const flush = () => {
    for (const { name, attributes, links, events, status } of exporter.getFinishedSpans()) {
      const url = attributes['url.full'];
      note({
        ...{ name, links, events, status },
        attributes: url === undefined ? attributes : { ...attributes, 'url.full': withoutPath(url) },
      });
    }
    exporter.reset();
  };
  const end = () => {
    flush();
    stop();
    propagation.disable();
    for (const one of channels) one.asyncEnd.unsubscribe(hear);
    sessions.unsubscribe(hear);
  };
  return { flush, end };
}

module.exports = { listen };
