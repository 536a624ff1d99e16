'use strict';

// The results of a trial as one table.

const { aligned, wrongs } = require('../../tools/table.js');
const { requests } = require('../table.js');

const HEAD = [
  ...['', 'rotations', 'at most', 'a second', 'twice', 'lost', 'requests', 'not 200', 'adopted'],
  ...['waits', 'ms each', 's', ''],
];

function table(results) {
  const rows = results.map((result) => [
    result.name,
    result.rotations,
    result.bound,
    (result.rotations / result.seconds).toFixed(1),
    result.reuses + result.duplicates,
    result.lost,
    requests(result),
    requests(result) - (result.outcomes['200'] ?? 0),
    result.adopted,
    result.leaseWaits,
    result.leaseWaits === 0 ? '-' : (result.leaseWaitMs / result.leaseWaits).toFixed(1),
    result.seconds.toFixed(0),
    result.wrong.length === 0 ? 'ok' : 'WRONG',
  ]);
  return [...aligned(HEAD, rows, [0, 12]), ...wrongs(results)].join('\n');
}

module.exports = { table };
