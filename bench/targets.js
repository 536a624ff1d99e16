'use strict';

// The figures token-rotator is to reach, checked against one run. Ratios are token-rotator ÷ the other client.

const { SUBJECT } = require('./peers');
const { pairedRatio } = require('./statistics.js');

const UNDICI = 'undici-request';
const GUNZIP = 'undici-gunzip';
const AXIOS = 'axios-token-refresh';
const FETCH = 'global-fetch';
const FIGURES = { throughput: 'throughput', loopUs: 'event-loop time', cpuUs: 'CPU', ms: 'time' };

const RATIOS = [
  { case: 'steady/64/small/plain', against: UNDICI, key: 'loopUs', most: true, limit: 0.25 },
  { case: 'steady/64/small/plain', against: UNDICI, key: 'throughput', most: false, limit: 1.3 },
  { case: 'steady/64/small/plain', against: UNDICI, key: 'cpuUs', most: true, limit: 1.1 },
  { case: 'steady/64/small/tls', against: UNDICI, key: 'loopUs', most: true, limit: 0.18 },
  { case: 'steady/64/small/tls', against: UNDICI, key: 'throughput', most: false, limit: 1.5 },
  { case: 'steady/256/small/plain', against: UNDICI, key: 'throughput', most: false, limit: 1.4 },
  { case: 'steady/1/small/plain', against: UNDICI, key: 'throughput', most: false, limit: 1.0 },
  { case: 'steady/64/small/plain', against: AXIOS, key: 'loopUs', most: true, limit: 0.045 },
  { case: 'steady/64/small/plain', against: AXIOS, key: 'throughput', most: false, limit: 10 },
  { case: 'steady/64/small/h2', against: UNDICI, key: 'throughput', most: false, limit: 5.8 },
  { case: 'steady/64/16k-gzip/plain', against: UNDICI, key: 'throughput', most: false, limit: 1.3 },
  { case: 'steady/64/16k-gzip/plain', against: GUNZIP, key: 'throughput', most: false, limit: 1.3 },
  { case: 'fetch/64/small/plain', against: FETCH, key: 'throughput', most: false, limit: 2 },
  { case: 'stores/64/small/plain', against: UNDICI, key: 'loopUs', most: true, limit: 0.25 },
  {
    case: 'stores/64/small/plain',
    against: 'token-rotator-file',
    key: 'throughput',
    most: true,
    limit: 1.05,
  },
  {
    case: 'stores/64/small/plain',
    against: 'token-rotator-redis',
    key: 'throughput',
    most: true,
    limit: 1.05,
  },
  {
    case: 'adapter/64/small/plain',
    subject: 'axios-adapter',
    against: 'axios-http',
    key: 'loopUs',
    most: true,
    limit: 0.6,
  },
  {
    case: 'axios-storm/1000',
    subject: 'axios-token-rotator',
    against: AXIOS,
    key: 'ms',
    most: true,
    limit: 1,
  },
  { case: 'download/1g', against: UNDICI, key: 'throughput', most: false, limit: 0.9 },
  { case: 'download/1g', against: UNDICI, key: 'loopUs', most: true, limit: 1 },
];

const ABSOLUTES = [
  { case: 'require', what: 'require', unit: 'ms', limit: 10, read: ({ ms }) => ms },
  {
    case: 'storm/1000',
    what: 'storm/1000  refreshes',
    unit: '',
    limit: 1,
    read: ({ refreshes }) => refreshes,
  },
  {
    case: 'sessions/100000',
    what: 'sessions/100000  resident size',
    unit: 'MB',
    limit: 100,
    read: ({ perSession }) => (perSession * 100_000) / 2 ** 20,
  },
  {
    case: 'access-token/1',
    what: 'access-token/1  event-loop time',
    unit: 'µs',
    limit: 2,
    read: ({ loopUs }) => loopUs,
  },
  {
    case: 'access-token/64',
    what: 'access-token/64  event-loop time',
    unit: 'µs',
    limit: 2,
    read: ({ loopUs }) => loopUs,
  },
  {
    case: 'memory/10000',
    what: 'memory/10000  peak − before',
    unit: 'MB',
    limit: 64,
    read: ({ waitingPeak, before }) => (waitingPeak - before) / 2 ** 20,
  },
  {
    case: 'memory/10000',
    what: 'memory/10000  abort of one',
    unit: 'ms',
    limit: 20,
    read: ({ abortMs }) => abortMs,
  },
];

/** A token reaches the other processes while they wait for it, or use the one before where the store tells of changes. */
const ADOPTED_MS = 20;
const FLEET = [
  ...['file', 'redis', 'postgres'].map((store) => [store, 'waiting', 'waitingP99', 'ms', ADOPTED_MS]),
  ...['redis', 'postgres'].map((store) => [store, 'in use', 'usingP99', 'ms', ADOPTED_MS]),
  ...['register', 'redis', 'postgres'].map((store) => [store, 'reads a rotation', 'reads', '', 1]),
  ...['register', 'redis', 'postgres'].map((store) => [store, 'writes a rotation', 'writes', '', 2]),
].map(([store, what, key, unit, limit]) => ({
  case: `fleet/${store}`,
  what: `fleet/${store}  ${what}${unit && ', p99'}`,
  unit,
  limit,
  read: (summary) => summary[key] ?? null,
}));

/** One entry per target: case, what, measured (null: not run), limit, pass (null: not run). */
function checkTargets(results) {
  const find = (name) => withoutFailed(results.find((result) => result.name === name));
  const ratios = RATIOS.map((target) => {
    const { [target.subject ?? SUBJECT]: ours, [target.against]: theirs } = find(target.case);
    const measured = ours && theirs ? pairedRatio(ours.rounds, theirs.rounds, target.key) : null;
    const what = `${target.case}  ${FIGURES[target.key]} ÷ ${target.against}`;
    return { case: target.case, what, unit: '×', most: target.most, limit: target.limit, measured };
  });
  const absolutes = [...ABSOLUTES, ...FLEET].map(({ case: name, read, ...target }) => {
    const ours = find(name)[SUBJECT];
    return { case: name, ...target, most: true, measured: ours ? read(ours.summary) : null };
  });
  return [...ratios, ...absolutes].map((check) => ({ ...check, pass: verdict(check) }));
}

/** A client that failed in a case has no figures there, however fast it was until then. */
function withoutFailed({ clients, failures } = { clients: {} }) {
  return Object.fromEntries(Object.entries(clients).filter(([name]) => !failures[name]));
}

function verdict({ measured, most, limit }) {
  if (measured === null) return null;
  return most ? measured <= limit : measured >= limit;
}

module.exports = { checkTargets };
