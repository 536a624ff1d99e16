'use strict';

// The command line of `npm run trial`, as one frozen object.

const { parseArgs } = require('node:util');

const USAGE = `usage: npm run trial -- [--only=<regex>] [--rotations=<n>] [--ttl=<ms,…>] [--parallel=<n>] [--json] [--list]

  --only       cells whose name matches, e.g. --only='^redis/' or --only='/8$'
  --rotations  rotations of each cell; default 3000
  --ttl        lives of access tokens, ms; the rotations of a cell are divided among them; default 50,100,150
  --parallel   cells that run at the same time; default 1
  --json       prints the results as JSON instead of a table
  --list       prints the names of the cells`;

const FLAGS = { type: 'boolean', default: false };
const OPTIONS = {
  only: { type: 'string', default: '' },
  rotations: { type: 'string', default: '3000' },
  ttl: { type: 'string', default: '50,100,150' },
  parallel: { type: 'string', default: '1' },
  json: FLAGS,
  list: FLAGS,
  help: FLAGS,
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
    ttls: values.ttl.split(',').map((ms) => positive('ttl', ms)),
    parallel: positive('parallel', values.parallel),
  });
}

function positive(name, text) {
  const number = Number(text);
  if (!(Number.isInteger(number) && number > 0)) throw new Error(`--${name}: a positive integer\n\n${USAGE}`);
  return number;
}

module.exports = { USAGE, parseOptions };
