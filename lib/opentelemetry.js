'use strict';

// `token-rotator/opentelemetry`: spans for tries and rotations, made of what the channels of `tracing/channels.js` tell.

const { invalidOption } = require('./errors.js');
const { readGroup } = require('./options/check.js');
const { version } = require('../package.json');
const attributes = require('./opentelemetry/attributes.js');
const { requests, rotations, thread, tries } = require('./tracing/channels.js');

/**
 * Loaded with the first tracing, so that the entry itself loads where the package is not installed.
 * @type {typeof import('@opentelemetry/api')}
 */
let api;

/** A rotation is linked to so many of the requests that were under way when it began. */
const MOST_LINKS = 32;
/** So many requests are looked through for links. A request whose end is never told is forgotten with the others. */
const MOST_UNDER_WAY = 1000;

/**
 * @param {import('../opentelemetry').TracingOptions} [options]
 * @returns {() => void}  ends the tracing
 */
function traceWithOpenTelemetry(options) {
  api = require('@opentelemetry/api');
  const { tracerProvider, ignore } = readGroup(options, 'options', ['tracerProvider', 'ignore'], '');
  if (tracerProvider !== undefined && typeof tracerProvider?.getTracer !== 'function') {
    throw invalidOption('tracerProvider', 'a TracerProvider');
  }
  if (ignore !== undefined && typeof ignore !== 'function') throw invalidOption('ignore', 'a function');
  const spans = new Spans((tracerProvider ?? api.trace).getTracer('token-rotator', version), ignore);
  spans.subscribe();
  return () => spans.unsubscribe();
}

class Spans {
  #tracer;
  #ignore;
  /** From a request's message to the context that its caller had. @type {WeakMap<object, import('@opentelemetry/api').Context>} */
  #callers = new WeakMap();
  /** The latest requests that have not ended. @type {Set<any>} */
  #underWay = new Set();
  /** From a message to its span. @type {WeakMap<object, import('@opentelemetry/api').Span>} */
  #spans = new WeakMap();

  constructor(tracer, ignore) {
    this.#tracer = tracer;
    this.#ignore = ignore;
  }

  subscribe() {
    requests.subscribe(this.#requests);
    tries.subscribe(this.#tries);
    rotations.subscribe(this.#rotations);
  }

  unsubscribe() {
    requests.unsubscribe(this.#requests);
    tries.unsubscribe(this.#tries);
    rotations.unsubscribe(this.#rotations);
  }

  #requests = guarded({
    start: (message) => {
      if (this.#ignores(message)) return;
      this.#callers.set(message, api.context.active());
      this.#underWay.add(message);
      if (this.#underWay.size > MOST_UNDER_WAY) this.#underWay.delete(this.#underWay.values().next().value);
    },
    asyncEnd: (message) => this.#underWay.delete(message),
  });

  #tries = guarded({
    start: (message) => {
      const caller = this.#callers.get(message.request);
      if (caller === undefined) return;
      const options = { kind: api.SpanKind.CLIENT, attributes: attributes.ofTry(message) };
      const span = this.#tracer.startSpan(attributes.nameOfTry(message), options, caller);
      this.#spans.set(message, span);
      const context = api.trace.setSpan(caller, span);
      thread.surroundings.set(message, (work) => api.context.with(context, work));
      api.propagation.inject(context, message.headers);
    },
    asyncEnd: (message) => this.#end(message, attributes.ofAnswer(message)),
  });

  #rotations = guarded({
    start: (message) => {
      const links = this.#linksOf(message);
      const options = { kind: api.SpanKind.INTERNAL, attributes: attributes.ofRotation(message), links };
      const span = this.#tracer.startSpan('token rotation', options, api.ROOT_CONTEXT);
      this.#spans.set(message, span);
      const context = api.trace.setSpan(api.ROOT_CONTEXT, span);
      thread.surroundings.set(message, (work) => api.context.with(context, work));
    },
    asyncEnd: (message) => this.#end(message, attributes.ofRotationEnd(message)),
  });

  /** Apart from `guarded`, because a request whose `ignore` throws has spans. */
  #ignores(message) {
    try {
      return Boolean(this.#ignore?.(message));
    } catch (error) {
      api.diag.error('token-rotator: the option ignore threw', error);
      return false;
    }
  }

  /** The spans of the callers whose requests of this session are under way, one of which may be the reason. */
  #linksOf({ client, session }) {
    const links = new Map();
    for (const request of this.#underWay) {
      const isOfSession = request.client === client && request.session === session;
      const caller = isOfSession ? this.#callers.get(request) : undefined;
      const context = caller && api.trace.getSpanContext(caller);
      if (context !== undefined) links.set(context.spanId, { context });
      if (links.size === MOST_LINKS) break;
    }
    return [...links.values()];
  }

  #end(message, facts) {
    const span = this.#spans.get(message);
    if (span === undefined) return;
    span.setAttributes(facts);
    if (facts['error.type'] !== undefined) span.setStatus({ code: api.SpanStatusCode.ERROR });
    span.end();
  }
}

/**
 * An error of a subscriber would end the process, and these call the program's propagator, sampler and span processors.
 * @param {Record<string, (message: any) => unknown>} handlers @returns {any}
 */
function guarded(handlers) {
  const guard = (handler) => (message) => {
    try {
      handler(message);
    } catch (error) {
      api.diag.error('token-rotator: a span could not be made', error);
    }
  };
  return Object.fromEntries(Object.entries(handlers).map(([event, handler]) => [event, guard(handler)]));
}

exports.traceWithOpenTelemetry = traceWithOpenTelemetry;
