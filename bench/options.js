'use strict';

// What the command line says, as one frozen object.

const USAGE = `usage: node bench/run.js [--quick] [--only=<regex>] [--peers=<name,…>] [--rounds=<n>] [--ms=<n>] [--list]

  --quick   short rounds: shows that everything runs, its figures are rough
  --only    cases whose name matches, e.g. --only='steady/64/small' or --only='storm|require'
  --peers   clients to run, e.g. --peers=token-rotator,undici-request
  --rounds  rounds per client and case
  --ms      length of a measured round
  --list    prints the names of cases and clients`;

const FULL = { rounds: 5, ms: 2000, warmupMs: 1500, settleMs: 300, processes: 15, repeats: 3, transfers: 5 };
const QUICK = { rounds: 2, ms: 300, warmupMs: 200, settleMs: 100, processes: 5, repeats: 1, transfers: 1 };

/** Throws an Error whose message is the usage when an argument is not understood. */
function parseOptions(argv) {
  const given = new Map();
  for (const argument of argv) {
    const match = /^--(quick|list|help|only|peers|rounds|ms)(?:=(.+))?$/.exec(argument);
    const flag = match && ['quick', 'list', 'help'].includes(match[1]);
    if (!match || flag !== (match[2] === undefined))
      throw new Error(`${argument}: not understood\n\n${USAGE}`);
    given.set(match[1], match[2]);
  }
  const times = { ...(given.has('quick') ? QUICK : FULL) };
  for (const name of ['rounds', 'ms']) {
    if (!given.has(name)) continue;
    times[name] = Number(given.get(name));
    if (!(Number.isInteger(times[name]) && times[name] > 0)) throw new Error(`--${name}: a positive integer`);
  }
  if (given.has('rounds')) times.transfers = times.rounds;
  return Object.freeze({
    ...times,
    quick: given.has('quick'),
    list: given.has('list'),
    help: given.has('help'),
    only: new RegExp(given.get('only') ?? ''),
    peers: given.get('peers')?.split(','),
  });
}

module.exports = { USAGE, parseOptions };
