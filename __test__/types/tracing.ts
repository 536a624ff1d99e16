// Compiled, never run: channels, spans and counters.

import { channel, tracingChannel } from 'node:diagnostics_channel';
import { trace } from '@opentelemetry/api';
import { TokenClient } from 'token-rotator';
import type { RequestMessage, RotationMessage, SessionMessage, TryMessage } from 'token-rotator';
import { traceWithOpenTelemetry } from 'token-rotator/opentelemetry';
import { prometheusText } from 'token-rotator/prometheus';

declare const client: TokenClient;

const stop: () => void = traceWithOpenTelemetry({
  tracerProvider: trace.getTracerProvider(),
  ignore: ({ url, via }) => via === 'undici' || url.endsWith('/health'),
});
stop();
traceWithOpenTelemetry();
// @ts-expect-error: no such option
traceWithOpenTelemetry({ tracer: trace.getTracer('x') });

export const text: string = prometheusText({ orders: client }) + prometheusText(client);
export const type: string = prometheusText.contentType;
// @ts-expect-error: a client, not its counters
prometheusText(client.stats());

export const slow: string[] = Object.entries(client.stats().origins)
  .filter(([, { durationMs, requests }]) => durationMs / requests > 1000)
  .map(([origin]) => origin);

tracingChannel<object, RequestMessage>('token-rotator:request').asyncEnd.subscribe((message) => {
  const { url, duration, outcome } = message as RequestMessage;
  console.log(url, duration, outcome === 'answered');
});
tracingChannel('token-rotator:try').start.subscribe((message) => {
  const { headers, attempt } = message as TryMessage;
  headers['x-attempt'] = String(attempt);
});
tracingChannel('token-rotator:rotation').asyncEnd.subscribe((message) => {
  const { outcome, leaseWait } = message as RotationMessage;
  if (outcome === 'adopted') console.log(leaseWait);
});
channel('token-rotator:session').subscribe((message) => {
  console.log((message as SessionMessage).event === 'lost');
});

new TokenClient({
  refresh: () => ({ accessToken: 'a' }),
  logger: { debug: (line, context) => console.log(line, context?.attempt), error() {} },
});
