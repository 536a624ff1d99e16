'use strict';

// The results as one table.

const { aligned, wrongs } = require('../tools/table.js');

const HEAD = [
  ...[
    '',
    'version',
    'rotations',
    'reuses',
    'lost answer',
    'lost in the grace',
    'two processes',
    'spent token',
  ],
  ...['odd 400s', 's', ''],
];
const WORDS = [0, 1, 4, 5, 6, 7, 8, 10];

function table(results) {
  const lines = aligned(HEAD, results.map(row), WORDS);
  const missing = results.filter(({ notRun }) => notRun !== undefined);
  const why = missing.map(({ name, notRun }) => `${name} was not run: ${notRun}`);
  return [...lines, ...wrongs(results), ...why].join('\n');
}

function row({ name, version, notRun, rotations, lostAnswer, twoProcesses, oddAnswers, seconds, wrong }) {
  if (notRun !== undefined) return [name, version, ...Array(8).fill('-'), 'NOT RUN'];
  return [
    name,
    version,
    rotations?.rotations ?? '-',
    rotations?.reuses ?? '-',
    short(lostAnswer?.strict),
    short(lostAnswer?.graced),
    twoProcesses ? `${twoProcesses.redemptions} for ${twoProcesses.rounds}` : '-',
    short(oddAnswers?.own),
    oddAnswers ? `${oddAnswers.odd - oddAnswers.bad} of ${oddAnswers.odd}` : '-',
    seconds.toFixed(0),
    wrong.length === 0 ? 'ok' : 'WRONG',
  ];
}

/** An outcome, without the name of the error that a lost session has. */
function short(outcome = '-') {
  return outcome.replace(/^ERR_SESSION_LOST \((\w+)\)$/, 'lost: $1');
}

module.exports = { table };
