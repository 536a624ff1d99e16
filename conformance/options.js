'use strict';

// The command line of `npm run conformance`, as one frozen object.

const { parseArgs } = require('node:util');

const USAGE = `usage: npm run conformance -- [--only=<regex>] [--rotations=<n>] [--rounds=<n>] [--json] [--list]

  --only       servers and settings whose name matches, e.g. --only=django or --only=/grace
  --rotations  rotations of one client at each of them; default 1000
  --rounds     rotations of two processes at each of them; default 100
  --json       prints the results as JSON instead of a table
  --list       prints the names`;

const FLAG = { type: 'boolean', default: false };
const OPTIONS = {
  only: { type: 'string', default: '' },
  rotations: { type: 'string', default: '1000' },
  rounds: { type: 'string', default: '100' },
  json: FLAG,
  list: FLAG,
  help: FLAG,
};

/** Throws an Error whose message is the usage when an argument is not understood. */
function parseOptions(args) {
  let values;
  try {
    ({ values } = parseArgs({ args, options: OPTIONS }));
  } catch (error) {
    throw new Error(`${error.message}\n\n${USAGE}`, { cause: error });
  }
  return Object.freeze({
    ...values,
    only: new RegExp(values.only),
    rotations: positive('rotations', values.rotations),
    rounds: positive('rounds', values.rounds),
  });
}

function positive(name, text) {
  const number = Number(text);
  if (!(Number.isInteger(number) && number > 0)) throw new Error(`--${name}: a positive integer\n\n${USAGE}`);
  return number;
}

module.exports = { USAGE, parseOptions };
