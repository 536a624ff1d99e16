'use strict';

// `token-rotator/prometheus`: `stats()` of clients in Prometheus' text format, version 0.0.4.

const { invalidOption } = require('./errors.js');

/** The field of `stats()`, the name without its prefix, the type, and a line for people. */
const METRICS = [
  ['requests', 'requests_total', 'counter', 'Requests made.'],
  ['replays', 'replays_total', 'counter', 'Requests sent again after a rotation.'],
  ['retries', 'retries_total', 'counter', 'Requests sent again after a failure.'],
  ['queued', 'queued_requests', 'gauge', 'Requests waiting for a rotation.'],
  ['queuePeak', 'queued_requests_peak', 'gauge', 'The most requests that ever waited at once.'],
  ['rotations', 'rotations_total', 'counter', 'Refreshes whose result was committed.'],
  ['rotationsFailed', 'rotations_failed_total', 'counter', 'Rotations that ended without new tokens.'],
  ['adopted', 'rotations_adopted_total', 'counter', 'Rotations of other processes that were taken over.'],
  [
    'reuseSuspected',
    'reuse_suspected_total',
    'counter',
    'Refreshes refused although the token was the newest.',
  ],
  ['ambiguous', 'ambiguous_exchanges_total', 'counter', 'Exchanges that may have spent the refresh token.'],
  ['persistRetries', 'persist_retries_total', 'counter', 'Repeated writes to the store.'],
  ['sessions', 'sessions', 'gauge', 'Sessions held.'],
  ['leaseWaits', 'lease_waits_total', 'counter', 'Rotations that waited for the lease of another process.'],
  ['leaseWaitMs', 'lease_wait_seconds_total', 'counter', 'How long they waited.', 1000],
  [
    'reclaimed',
    'leases_reclaimed_total',
    'counter',
    'Commits whose lease was taken over, without new tokens.',
  ],
  ['fenced', 'commits_fenced_total', 'counter', 'Commits that found newer tokens.'],
  ['orphanIntents', 'orphan_intents_total', 'counter', 'Rotations that a dead process left.'],
  ['candidates', 'candidates_total', 'counter', 'Tokens in reserve that were tried.'],
];

const ORIGIN_METRICS = [
  ['requests', 'origin_requests_total', 'counter', 'Requests that have ended.'],
  ['clientErrors', 'origin_client_errors_total', 'counter', 'Answers with a status of 400 to 499.'],
  ['serverErrors', 'origin_server_errors_total', 'counter', 'Answers with a status of 500 and more.'],
  ['failed', 'origin_failed_requests_total', 'counter', 'Requests without an answer.'],
  ['replays', 'origin_replays_total', 'counter', 'Requests sent again after a rotation.'],
  ['retries', 'origin_retries_total', 'counter', 'Requests sent again after a failure.'],
  [
    'durationMs',
    'origin_duration_seconds_total',
    'counter',
    'From the call to the answer, all together.',
    1000,
  ],
];

/**
 * @param {import('..').TokenClient | Readonly<Record<string, import('..').TokenClient>>} clients  one, or several by name
 * @returns {string}
 */
function prometheusText(clients) {
  const named = readClients(clients).map(([name, client]) => ({
    label: labelOf({ client: name }),
    name,
    client,
  }));
  const all = named.map(({ label, name, client }) => ({ label, name, stats: client.stats() }));
  const origins = all.flatMap(({ name, stats }) =>
    Object.entries(stats.origins).map(([origin, counts]) => ({
      label: labelOf({ client: name, origin }),
      stats: counts,
    })),
  );
  return linesOf(METRICS, all) + linesOf(ORIGIN_METRICS, origins);
}

/** The content type of an answer with this text. */
prometheusText.contentType = 'text/plain; version=0.0.4; charset=utf-8';

function readClients(clients) {
  if (typeof clients !== 'object' || clients === null) throw notClients();
  if (typeof clients.stats === 'function') return [[undefined, clients]];
  const entries = Object.entries(clients);
  if (entries.some(([, client]) => typeof client?.stats !== 'function')) throw notClients();
  return entries;
}

/** All lines of a metric stand together, as the format wants them. */
function linesOf(metrics, samples) {
  if (samples.length === 0) return '';
  return metrics
    .map(([field, suffix, type, help, divisor = 1]) => {
      const name = `token_rotator_${suffix}`;
      const lines = samples.map(({ label, stats }) => `${name}${label} ${stats[field] / divisor}\n`);
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('');
}

function labelOf(labels) {
  const parts = Object.entries(labels)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${escaped(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escaped(value) {
  return value.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"');
}

function notClients() {
  return invalidOption('clients', 'a TokenClient, or an object of TokenClients by name');
}

exports.prometheusText = prometheusText;
