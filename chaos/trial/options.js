'use strict';

// The command line of `npm run trial`.

const { positive, readOptions } = require('../../tools/command-line.js');

const USAGE = `usage: npm run trial -- [--only=<regex>] [--rotations=<n>] [--ttl=<ms,…>] [--parallel=<n>] [--json] [--list]

  --only       cells whose name matches, e.g. --only='^redis/' or --only='/8$'
  --rotations  rotations of each cell; default 3000
  --ttl        lives of access tokens, ms; the rotations of a cell are divided among them; default 50,100,150
  --parallel   cells that run at the same time; default 1
  --json       prints the results as JSON instead of a table
  --list       prints the names of the cells`;

function parseOptions(args) {
  const flags = ['json', 'list'];
  const texts = { only: '', ttl: '50,100,150' };
  const options = readOptions(args, {
    usage: USAGE,
    flags,
    texts,
    numbers: { rotations: 3000, parallel: 1 },
  });
  const ttls = options.ttl.split(',').map((ms) => positive('ttl', ms, USAGE));
  return Object.freeze({ ...options, ttls });
}

module.exports = { USAGE, parseOptions };
