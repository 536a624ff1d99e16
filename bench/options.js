'use strict';

// The command line of `npm run bench`.

const { readOptions } = require('../tools/command-line.js');

const USAGE = `usage: node bench/run.js [--quick] [--only=<regex>] [--peers=<name,…>] [--rounds=<n>] [--ms=<n>] [--list]

  --quick   short rounds: shows that everything runs, its figures are rough
  --only    cases whose name matches, e.g. --only='steady/64/small' or --only='storm|require'
  --peers   clients to run, e.g. --peers=token-rotator,undici-request
  --rounds  rounds per client and case
  --ms      length of a measured round
  --list    prints the names of cases and clients`;

const FULL = { rounds: 5, ms: 2000, warmupMs: 1500, settleMs: 300, processes: 15, repeats: 3, transfers: 5 };
const QUICK = { rounds: 2, ms: 300, warmupMs: 200, settleMs: 100, processes: 5, repeats: 1, transfers: 1 };

/** `--quick` decides the times that are not given. */
function parseOptions(args) {
  const given = readOptions(args, {
    usage: USAGE,
    flags: ['quick', 'list'],
    texts: { only: '', peers: undefined },
    numbers: { rounds: undefined, ms: undefined },
  });
  const { rounds, ms, peers } = given;
  const times = {
    ...(given.quick ? QUICK : FULL),
    ...(ms && { ms }),
    ...(rounds && { rounds, transfers: rounds }),
  };
  return Object.freeze({ ...given, ...times, peers: peers?.split(',') });
}

module.exports = { USAGE, parseOptions };
