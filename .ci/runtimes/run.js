'use strict';

// The smoke programs under Node, Bun and Deno: `npm run test:runtimes`, after `npm run build:debug`, or some of them:
// `npm run test:runtimes -- Bun threads`. Each is a process that has to print a line and to end by itself, with code 0. The last
// lines are a table.

const { spawn } = require('node:child_process');
const { readdirSync } = require('node:fs');
const { availableParallelism } = require('node:os');
const path = require('node:path');
const { runProgram } = require('../../tools/command-line.js');
const { aligned } = require('../../tools/table.js');
const { layOut } = require('./project.js');
const { runtimes } = require('./versions.js');

const PROJECT = path.join(__dirname, '../../target/runtimes');
const INSTALLED = path.join(__dirname, '../package/smoke');
const PROGRAMS = path.join(__dirname, 'programs');
/** Beside programs: what these share, and workers. */
const PARTS = ['serve.js', 'start.js', 'thread.js'];

/** What a runtime cannot do by itself, with the reason. */
const EXCEPTIONS = {
  'Bun undici.js':
    'Bun puts an undici of its own in place of the package, and its Agent takes no interceptors',
  'Deno forgotten.js': 'Deno runs no finalizers of a worker that ends, so that its sessions stay',
};

/** No measure of speed: only a process that hangs lives this long. */
const HANGS_AFTER_MS = 120_000;

/** `{ passed, failed }`. `wanted`: names of runtimes and programs; none are all. */
async function testRuntimes(wanted = []) {
  const files = [INSTALLED, PROGRAMS].flatMap((folder) => readdirSync(folder));
  const programs = files.filter((file) => !PARTS.includes(file));
  const [all, programOf, runtimeOf] = [runtimes(), (file) => path.parse(file).name, ({ name }) => name];
  const names = [...new Set([...all.map(runtimeOf), ...programs.map(programOf)])];
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: the names are ${names.join(', ')}`);
  const rows = named(programs, programOf, wanted);
  const columns = named(all, runtimeOf, wanted).map((it) => ({ ...it, command: it.install() }));
  layOut(PROJECT, [INSTALLED, PROGRAMS]);
  const runs = rows.flatMap((program) => columns.map((runtime) => ({ program, runtime })));
  const waiting = [...runs];
  const lane = async () => {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift())
      Object.assign(run, await outcomeOf(run));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  console.log(table(runs, rows, columns));
  const count = (verdict) => runs.filter((run) => run.verdict === verdict).length;
  return { passed: count('passed'), failed: count('FAILED') };
}

/** Those of the names that are wanted; all, if none is. */
function named(all, nameOf, wanted) {
  const some = all.filter((it) => wanted.includes(nameOf(it)));
  return some.length > 0 ? some : all;
}

/** `{ verdict, seconds }`: it has `passed`, `FAILED`, or was `not run`. */
async function outcomeOf({ program, runtime: { name, version, command } }) {
  if (EXCEPTIONS[`${name} ${program}`] !== undefined) return { verdict: 'not run' };
  const begun = Date.now();
  const { code, signal, output } = await ended(command, program);
  // Without a line, its event loop had nothing left to do before the program was through.
  if (code === 0 && output !== '') return { verdict: 'passed', seconds: (Date.now() - begun) / 1000 };
  console.log(`\n── ${name} ${version}: ${program} ${howItEnded(code, signal)}\n${output}`);
  return { verdict: 'FAILED' };
}

function howItEnded(code, signal) {
  if (signal === 'SIGKILL') return `did not end within ${HANGS_AFTER_MS / 1000} s`;
  return code === 0 ? 'ended before it was through' : `ended with ${signal ?? code}`;
}

function ended([program, ...args], file) {
  const child = spawn(program, [...args, file], { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const limit = setTimeout(() => child.kill('SIGKILL'), HANGS_AFTER_MS);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      resolve({ code, signal, output });
    });
  });
}

function table(runs, programs, columns) {
  const cell = ({ verdict, seconds }) => (verdict === 'passed' ? `${seconds.toFixed(1)} s` : verdict);
  const rows = programs.map((program) => [
    program,
    ...runs.filter((run) => run.program === program).map(cell),
  ]);
  const heads = columns.map(({ name, version }) => `${name} ${version}`);
  const reasons = Object.entries(EXCEPTIONS).map(([run, reason]) => `not run, ${run}: ${reason}`);
  return ['', ...aligned(['', ...heads], rows), '', ...reasons].join('\n');
}

async function main(wanted) {
  const { passed, failed } = await testRuntimes(wanted);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

if (require.main === module) runProgram(main);

module.exports = { testRuntimes };
