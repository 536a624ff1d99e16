'use strict';

// What the command line says, as one frozen object.

const USAGE = `usage: npm run chaos -- [--only=<regex>] [--events=<n>] [--processes=<n>] [--ttl=<ms>] [--seed=<n>] [--json] [--list]

  --only       worlds whose name matches, e.g. --only='file/strict' or --only='kill'
  --events     faults in each world; default 20
  --processes  processes that share the session; default 3
  --ttl        life of an access token, ms; default 300
  --seed       repeats what was done to the processes, and when
  --json       prints the results as JSON instead of a table
  --list       prints the names of the worlds`;

const NUMBERS = { events: 20, processes: 3, ttl: 300, seed: undefined };

/** Throws an Error whose message is the usage when an argument is not understood. */
function parseOptions(argv) {
  const given = new Map();
  for (const argument of argv) {
    const match = /^--(list|help|json|only|events|processes|ttl|seed)(?:=(.+))?$/.exec(argument);
    const flag = match && ['list', 'help', 'json'].includes(match[1]);
    if (!match || flag !== (match[2] === undefined))
      throw new Error(`${argument}: not understood\n\n${USAGE}`);
    given.set(match[1], match[2]);
  }
  const numbers = Object.entries(NUMBERS).map(([name, byDefault]) => {
    if (!given.has(name)) return [name, byDefault];
    const number = Number(given.get(name));
    if (!(Number.isInteger(number) && number > 0)) throw new Error(`--${name}: a positive integer`);
    return [name, number];
  });
  return Object.freeze({
    ...Object.fromEntries(numbers),
    seed: given.has('seed') ? Number(given.get('seed')) : 1 + Math.floor(Math.random() * 1e6),
    only: new RegExp(given.get('only') ?? ''),
    json: given.has('json'),
    list: given.has('list'),
    help: given.has('help'),
  });
}

module.exports = { USAGE, parseOptions };
