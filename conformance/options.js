'use strict';

// The command line of `npm run conformance`.

const { readOptions } = require('../tools/command-line.js');

const USAGE = `usage: npm run conformance -- [--only=<regex>] [--rotations=<n>] [--rounds=<n>] [--json] [--list]

  --only       servers and settings whose name matches, e.g. --only=django or --only=/grace
  --rotations  rotations of one client at each of them; default 1000
  --rounds     rotations of two processes at each of them; default 100
  --json       prints the results as JSON instead of a table
  --list       prints the names`;

function parseOptions(args) {
  const flags = ['json', 'list'];
  return readOptions(args, {
    usage: USAGE,
    flags,
    texts: { only: '' },
    numbers: { rotations: 1000, rounds: 100 },
  });
}

module.exports = { USAGE, parseOptions };
