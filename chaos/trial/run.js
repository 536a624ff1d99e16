'use strict';

// `npm run trial`: processes that share one session of short tokens, without faults. README.md in the folder above says how to
// read the table.

const fs = require('node:fs');
const path = require('node:path');
const { cells, runCell } = require('./cell.js');
const { USAGE, parseOptions } = require('./options.js');
const { table } = require('./table.js');

const RESULTS = path.join(__dirname, '..', 'results');
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
      save(run);
      progress.done(name, `${result.rotations} rotations, ${result.wrong[0] ?? 'ok'}`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work)).finally(progress.end);
  run.results.sort((a, b) => chosen.findIndex(named(a)) - chosen.findIndex(named(b)));
  save(run);
  print(options.json ? JSON.stringify(run, null, 2) : table(run.results));
  note(`written: ${path.relative(process.cwd(), fileOf(run))}\n`);
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

function save(run) {
  fs.mkdirSync(RESULTS, { recursive: true });
  fs.writeFileSync(fileOf(run), `${JSON.stringify(run, null, 2)}\n`);
}

function fileOf({ date }) {
  return path.join(RESULTS, `trial-${date.slice(0, 19).replaceAll(':', '-')}.json`);
}

function print(text) {
  process.stdout.write(`${text}\n`);
}

/** For people who watch; the results alone go to stdout. */
function note(text) {
  process.stderr.write(text);
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
