'use strict';

// `npm run chaos`: processes that share one session, a fault that strikes at them again and again, and the server's
// ledger as the judge. README.md beside it says how to read the table.

const path = require('node:path');
const { note, print, runProgram } = require('../tools/command-line.js');
const { saveRun } = require('../tools/results.js');
const { USAGE, parseOptions } = require('./options.js');
const { table } = require('./table.js');
const { runWorld } = require('./world.js');
const { worlds } = require('./worlds.js');

const RESULTS = path.join(__dirname, 'results');
/** Where the progress goes to a file, it is told after so many faults. */
const LOGGED = 50;

async function main(argv) {
  const options = parseOptions(argv);
  const named = worlds().filter(({ name }) => options.only.test(name));
  if (options.help) return print(USAGE);
  if (options.list) return print(named.map(listed).join('\n'));
  if (named.length === 0) throw new Error('--only matches no world; --list names them');
  const chosen = named.filter(({ missing }) => missing === undefined);
  const reasons = new Set(named.map(({ missing }) => missing).filter((missing) => missing !== undefined));
  reasons.forEach((reason) => note(`some worlds are left out: ${reason}\n`));
  if (chosen.length === 0) throw new Error('none of these worlds can run here');

  const { events, processes, ttl, seed } = options;
  const settings = { events, processes, ttl, seed, only: options.only.source };
  note(`seed ${seed}, ${processes} processes, ${events} faults in each of ${chosen.length} worlds\n`);
  const results = [];
  const run = { date: new Date().toISOString(), settings, results };
  let written;
  for (const world of chosen) {
    results.push(await runWorld(world, options, (state) => showProgress(world, options, state)));
    // After each world, because a long run may be ended at any moment.
    written = saveRun(RESULTS, run);
    const { wrong } = results.at(-1);
    if (process.stderr.isTTY) note('\r\x1b[K');
    note(`${world.name}: ${wrong.length === 0 ? 'ok' : `WRONG: ${wrong[0]}`}\n`);
  }
  print(options.json ? JSON.stringify(run, null, 2) : table(results));
  note(`written: ${written}; --seed=${seed} repeats its faults\n`);
  process.exitCode = results.every(({ wrong }) => wrong.length === 0) ? 0 : 1;
}

function listed({ name, missing }) {
  return missing === undefined ? name : `${name}  (left out here: ${missing})`;
}

function showProgress({ name }, { events }, { struck, ledger }) {
  const { refreshes, reuses } = ledger.counts;
  const text = `${name}  ${struck}/${events}  ${refreshes} rotations, ${reuses} spent twice, ${ledger.lost.length} lost`;
  if (process.stderr.isTTY) note(`\r\x1b[K${text}`);
  else if (struck % LOGGED === 0) note(`${text}\n`);
}

runProgram(main);
