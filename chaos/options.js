'use strict';

// The command line of `npm run chaos`.

const { readOptions } = require('../tools/command-line.js');

const USAGE = `usage: npm run chaos -- [--only=<regex>] [--events=<n>] [--processes=<n>] [--ttl=<ms>] [--seed=<n>] [--json] [--list]

  --only       worlds whose name matches, e.g. --only='file/strict' or --only='kill'
  --events     faults in each world; default 20
  --processes  processes that share the session; default 3
  --ttl        life of an access token, ms; default 300
  --seed       repeats what was done to the processes, and when
  --json       prints the results as JSON instead of a table
  --list       prints the names of the worlds`;

/** Without a seed, one by chance. */
function parseOptions(args) {
  const flags = ['json', 'list'];
  const numbers = { events: 20, processes: 3, ttl: 300, seed: 1 + Math.floor(Math.random() * 1e6) };
  return readOptions(args, { usage: USAGE, flags, texts: { only: '' }, numbers });
}

module.exports = { USAGE, parseOptions };
