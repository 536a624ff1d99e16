#!/usr/bin/env node
'use strict';

// `npx token-rotator inspect <store>`: what a store holds, for people or as JSON. Tokens never enter this process' JavaScript:
// Rust reads the records, and tells what may be seen of them.

const { USAGE, readArguments } = require('./inspect/arguments.js');
const { now } = require('./clock.js');
const { report } = require('./inspect/report.js');
const { table } = require('./inspect/table.js');
const { listSessions } = require('./crossing/native-inspect.js');

/** @param {string[]} argv @param {NodeJS.WriteStream} [out] */
function main(argv, out = process.stdout) {
  const wanted = readArguments(argv);
  if (wanted === undefined) return void out.write(`${USAGE}\n`);
  const found = report(wanted, JSON.parse(listSessions(wanted)), now());
  out.write(`${wanted.json ? JSON.stringify(found, null, 2) : table(found)}\n`);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  // Without the stack, which says nothing to the users of a command.
  process.stderr.write(`token-rotator: ${error.message}\n`);
  process.exitCode = 1;
}
