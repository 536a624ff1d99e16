'use strict';

// The results as one table.

const { aligned, wrongs } = require('../tools/table.js');

const HEAD = ['', 'rotations', 'requests', 'failed', 'spent twice', 'because', 'lost', 's', ''];

function table(results) {
  const rows = results.map((result) => [
    result.name,
    result.rotations,
    requests(result),
    requests(result) - (result.outcomes['200'] ?? 0),
    result.spentTwice,
    because(result),
    result.lost,
    result.seconds.toFixed(1),
    result.wrong.length === 0 ? 'ok' : 'WRONG',
  ]);
  return [
    ...aligned(HEAD, rows, [0, 5, 8]),
    ...results.flatMap(registers),
    ...wrongs(results),
    ...results.flatMap(excuses),
  ].join('\n');
}

function registers({ name, register }) {
  if (register === undefined) return [];
  const { records, stops, ofHolders, stale, rejected } = register;
  const stopped = stops > 0 ? `${stops} stops longer than the lease, ${ofHolders} during a refresh; ` : '';
  return `${name}: ${stopped}${records} records seen; stale writes accepted ${stale}, only valid token rejected ${rejected}`;
}

function excuses({ name, excused, stalledMs }) {
  return Object.entries(excused).map(
    ([outcome, times]) =>
      `${name}: ${times} requests ended with ${outcome} while the machine stood still, for up to ${stalledMs} ms`,
  );
}

function requests({ outcomes }) {
  return Object.values(outcomes).reduce((sum, times) => sum + times, 0);
}

function because({ reasons, unexplained }) {
  const named = Object.entries(reasons).map(([reason, times]) => `${reason} ${times}`);
  return [...named, ...(unexplained > 0 ? [`NO REASON ${unexplained}`] : [])].join(', ');
}

module.exports = { requests, table };
