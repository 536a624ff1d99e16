// `token-rotator/opentelemetry`: spans for every try of a request, and for every rotation. Needs `@opentelemetry/api` 1.9 or later.

import type { TracerProvider } from '@opentelemetry/api';
import type { RequestMessage } from './index.js';

/**
 * Begins to make spans for all clients of this thread. docs/tracing.md has the attributes.
 *
 * - Each try of a request is a CLIENT span, whose parent is the span that is active where the request is made. `traceparent` of the try
 *   names that span.
 * - Each rotation is a span of a trace of its own, linked to the spans of up to 32 callers whose requests of that client and
 *   session were under way.
 *
 * @returns ends the tracing
 * @throws {TokenRotatorError} ERR_INVALID_OPTION
 * @example
 * const stop = traceWithOpenTelemetry();
 */
export function traceWithOpenTelemetry(options?: TracingOptions): () => void;

export interface TracingOptions {
  /** Default: the global one. */
  tracerProvider?: TracerProvider | undefined;
  /** True for a request that gets no spans and no `traceparent`. An error that it throws goes to OpenTelemetry's `diag`. Default: none. */
  ignore?: ((request: RequestMessage) => boolean) | undefined;
}
