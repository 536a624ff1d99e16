'use strict';

// `npm run conformance`: grants of this package against authorization servers that others wrote, each in a process of its own.
// docs/conformance.md says what is checked, and has a table of what was seen.

const { note, print, runProgram } = require('../tools/command-line.js');
const { runServer } = require('./matrix.js');
const { USAGE, parseOptions } = require('./options.js');
const { SERVERS } = require('./servers');
const { table } = require('./table.js');

/** Exit codes: something is wrong; nothing is, but some servers did not run. */
const [WRONG, INCOMPLETE] = [1, 2];

async function main(args) {
  const options = parseOptions(args);
  const chosen = SERVERS.filter(({ name }) => options.only.test(name));
  if (options.help) return print(USAGE);
  if (options.list) return print(chosen.map(({ name }) => name).join('\n'));
  if (chosen.length === 0) throw new Error('--only matches no server; --list names them');
  const results = [];
  for (const entry of chosen) {
    note(`${entry.name} …\n`);
    const result = await runServer(entry, { ...options, progress: (text) => show(entry, text) });
    results.push(result);
    if (process.stderr.isTTY) note('\r\x1b[K');
    note(`${entry.name}: ${result.notRun === undefined ? (result.wrong[0] ?? 'ok') : 'NOT RUN'}\n`);
  }
  const { rotations, rounds } = options;
  const run = { date: new Date().toISOString(), settings: { rotations, rounds }, results };
  print(options.json ? JSON.stringify(run, null, 2) : table(results));
  process.exitCode = exitCode(results);
}

function exitCode(results) {
  if (results.some(({ wrong }) => wrong.length > 0)) return WRONG;
  return results.some(({ notRun }) => notRun !== undefined) ? INCOMPLETE : 0;
}

function show({ name }, text) {
  if (process.stderr.isTTY) note(`\r\x1b[K${name}  ${text}`);
}

runProgram(main);
