'use strict';

// Results as aligned text.

const { SUBJECT } = require('./peers');
const { pairedRatio, spread } = require('./statistics.js');
const { aligned } = require('../tools/table.js');

/** Three significant digits, thousands apart, whole numbers as they are; "-" for what was not measured. */
function figure(value) {
  if (!Number.isFinite(value)) return '-';
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3);
}

/** One decimal: sizes in MB of 2^20 bytes. */
const mib = (bytes) => (bytes / 2 ** 20).toFixed(1);

/** The case's subject ÷ this client; empty for the subject itself and when it was not run. */
function ratio(result, name, key) {
  const subject = result.subject ?? SUBJECT;
  const ours = result.clients[subject];
  if (!ours || name === subject) return '';
  const value = pairedRatio(ours.rounds, result.clients[name].rounds, key);
  return value === null ? '' : `${value.toFixed(value < 0.1 ? 3 : 2)} ×`;
}

const LAYOUT = {
  steady: {
    head: [
      'req/s',
      '±',
      'CPU µs',
      'loop µs',
      'thread µs',
      'server µs',
      'p50 ms',
      'p99 ms',
      '÷ req/s',
      '÷ CPU',
      '÷ loop',
    ],
    row: ({ summary: s, rounds }, quotient) => [
      figure(s.throughput),
      `${Math.round(spread(rounds.map((round) => round.throughput)) * 100)} %`,
      ...[s.cpuUs, s.loopUs, s.threadUs, s.serverUs, s.p50, s.p99].map(figure),
      ...['throughput', 'cpuUs', 'loopUs'].map(quotient),
    ],
  },
  sessions: {
    head: [
      'req/s',
      '±',
      'bytes/session',
      'CPU µs',
      'loop µs',
      'thread µs',
      'p99 ms',
      '÷ req/s',
      '÷ CPU',
      '÷ loop',
    ],
    row: ({ summary: s, rounds }, quotient) => [
      figure(s.throughput),
      `${Math.round(spread(rounds.map((round) => round.throughput)) * 100)} %`,
      figure(Math.round(s.perSession)),
      ...[s.cpuUs, s.loopUs, s.threadUs, s.p99].map(figure),
      ...['throughput', 'cpuUs', 'loopUs'].map(quotient),
    ],
  },
  calls: {
    head: ['calls/s', '±', 'CPU µs', 'loop µs', 'thread µs', '÷ CPU', '÷ loop'],
    row: ({ summary: s, rounds }, quotient) => [
      figure(s.throughput),
      `${Math.round(spread(rounds.map((round) => round.throughput)) * 100)} %`,
      ...[s.cpuUs, s.loopUs, s.threadUs].map(figure),
      ...['cpuUs', 'loopUs'].map(quotient),
    ],
  },
  transfer: {
    head: [
      'MB/s',
      '±',
      'CPU µs/MB',
      'loop µs/MB',
      'thread µs/MB',
      'server µs/MB',
      'before MB',
      'peak − before',
      '÷ MB/s',
      '÷ CPU',
      '÷ loop',
    ],
    row: ({ summary: s, rounds }, quotient) => [
      figure(s.throughput),
      `${Math.round(spread(rounds.map((round) => round.throughput)) * 100)} %`,
      ...[s.cpuUs, s.loopUs, s.threadUs, s.serverUs].map(figure),
      ...[s.before, s.peak - s.before].map(mib),
      ...['throughput', 'cpuUs', 'loopUs'].map(quotient),
    ],
  },
  storm: {
    head: [
      'total ms',
      'failed',
      'refreshes',
      'reuses',
      'sent',
      'CPU µs',
      'loop µs',
      '÷ total',
      '÷ CPU',
      '÷ loop',
    ],
    row: ({ summary: s }, quotient) => [
      ...[s.ms, s.failed, s.refreshes, s.reuses, s.sent, s.cpuUs, s.loopUs].map(figure),
      ...['ms', 'cpuUs', 'loopUs'].map(quotient),
    ],
  },
  memory: {
    head: ['before MB', 'waiting', 'peak', 'peak − before', 'after', 'failed', 'refreshes', 'abort ms'],
    row: ({ summary: s }) => [
      ...[s.before, s.waiting, s.waitingPeak, s.waitingPeak - s.before, s.after].map(mib),
      ...[s.failed, s.refreshes, s.abortMs].map(figure),
    ],
  },
  fleet: {
    head: [
      ...['rotations/s', '±', 'reads', 'writes', 'reads in use', 'confirms'],
      ...['waiting p50 ms', 'p99', 'in use p50 ms', 'p99', 'lease p50 ms', 'p99', 'in turn/s'],
    ],
    row: ({ summary: s, rounds }) => [
      figure(s.perSecond),
      `${Math.round(spread(rounds.map((round) => round.perSecond)) * 100)} %`,
      ...[s.reads, s.writes, s.readsInUse, s.confirms, s.waitingP50, s.waitingP99].map(figure),
      ...[s.usingP50, s.usingP99, s.leaseP50, s.leaseP99, s.contended].map(figure),
    ],
  },
  require: {
    head: ['ms', '±', '÷'],
    row: ({ summary: s, rounds }, quotient) => [
      figure(s.ms),
      `${Math.round(spread(rounds.map((round) => round.ms)) * 100)} %`,
      quotient('ms'),
    ],
  },
};

function caseTable(result) {
  const { head, row } = LAYOUT[result.kind];
  const rows = Object.entries(result.clients).map(([name, client]) => [
    name,
    ...row(client, (key) => ratio(result, name, key)),
  ]);
  const failed = Object.entries(result.failures).map(([name, failure]) => `  ${name}: failed: ${failure}`);
  return [result.name, ...(rows.length ? aligned(['', ...head], rows) : []), ...failed].join('\n');
}

function targetTable(checks) {
  const bound = ({ most, limit }) => `${most ? '≤' : '≥'} ${limit}`;
  const value = ({ measured }) => (measured === null ? '-' : measured.toPrecision(3));
  const verdict = { true: 'pass', false: 'SHORT', null: 'not run' };
  const rows = checks.map((check) => [
    check.what,
    value(check),
    bound(check),
    check.unit,
    verdict[check.pass],
  ]);
  return aligned(['targets', 'measured', 'target', '', ''], rows).join('\n');
}

module.exports = { caseTable, targetTable };
