'use strict';

// `npm run trial`: processes that share one session of short tokens, without faults. README.md in the folder above says how to
// read the table.

const path = require('node:path');
const { note, print, runProgram } = require('../../tools/command-line.js');
const { saveRun } = require('../../tools/results.js');
const { cells, runCell } = require('./cell.js');
const { USAGE, parseOptions } = require('./options.js');
const { table } = require('./table.js');

const RESULTS = path.join(__dirname, '..', 'results');
/** Of the results' names, because chaos writes there too. */
const PREFIX = 'trial-';
/** Where the progress goes to a file, it is told so often. */
const LOG_MS = 30_000;

async function main(argv) {
  const options = parseOptions(argv);
  const chosen = cells().filter(({ name }) => options.only.test(name));
  if (options.help) return print(USAGE);
  if (options.list) return print(chosen.map(({ name }) => name).join('\n'));
  if (chosen.length === 0) throw new Error('--only matches no cell; --list names them');
  for (const { name, missing } of chosen) {
    if (missing !== undefined) throw new Error(`${name} cannot run here: ${missing}`);
  }

  const { rotations, ttls, parallel } = options;
  const run = { date: new Date().toISOString(), settings: { rotations, ttls, parallel }, results: [] };
  const progress = showProgress();
  const waiting = [...chosen];
  const work = async () => {
    for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
      const { name } = cell;
      const result = await runCell(cell, options, (text) => progress.set(name, text));
      run.results.push(result);
      // After each cell, because a long run may be ended at any moment.
      saveRun(RESULTS, run, PREFIX);
      progress.done(name, `${result.rotations} rotations, ${result.wrong[0] ?? 'ok'}`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work)).finally(progress.end);
  run.results.sort((a, b) => chosen.findIndex(named(a)) - chosen.findIndex(named(b)));
  const written = saveRun(RESULTS, run, PREFIX);
  print(options.json ? JSON.stringify(run, null, 2) : table(run.results));
  note(`written: ${written}\n`);
  process.exitCode = run.results.every(({ wrong }) => wrong.length === 0) ? 0 : 1;
}

const named =
  ({ name }) =>
  (other) =>
    other.name === name;

/** One line of all cells that run: at once to a terminal, and now and then to a file. */
function showProgress() {
  const running = new Map();
  const line = () => [...running].map(([name, text]) => `${name} ${text}`).join('  ');
  const isTerminal = process.stderr.isTTY;
  const logging = setInterval(() => isTerminal || note(`${line()}\n`), LOG_MS);
  return {
    set(name, text) {
      running.set(name, text);
      if (isTerminal) note(`\r\x1b[K${line()}`);
    },
    done(name, text) {
      running.delete(name);
      note(`${isTerminal ? '\r\x1b[K' : ''}${name}: ${text}\n`);
    },
    end: () => clearInterval(logging),
  };
}

runProgram(main);
