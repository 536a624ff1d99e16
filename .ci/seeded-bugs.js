'use strict';

// Puts mistakes that others made into a copy of the engine, one at a time, and sees that a test fails: `npm run seeded-bugs`,
// some four minutes on a quiet machine. `--check` only sees that each of them still fits the code. Mistakes of the protocol of
// shared rotation are switches of its tests (src/engine/fleet/switches.rs).

const { execFileSync, spawnSync } = require('node:child_process');
const { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const { BUGS } = require('./seeded-bugs/list.js');

const ROOT = path.join(__dirname, '..');
const COPY = path.join(ROOT, 'target', 'seeded-bugs');

function main() {
  const isFit = ({ changes }) =>
    changes.every(({ file, from }) => textOf(ROOT, file).split(from).length === 2);
  const unfit = BUGS.filter((bug) => !isFit(bug));
  for (const { name } of unfit)
    console.log(`${name}: its text is not in the code once; write the change anew`);
  if (process.argv.includes('--check')) {
    process.exitCode = unfit.length > 0 ? 1 : 0;
    return;
  }
  copy();
  const uncaught = BUGS.filter((bug) => !unfit.includes(bug) && !isCaught(bug));
  console.log(`${BUGS.length - unfit.length - uncaught.length} of ${BUGS.length} are caught`);
  process.exitCode = unfit.length + uncaught.length > 0 ? 1 : 0;
}

const textOf = (root, file) => readFileSync(path.join(root, file), 'utf8');

/** A copy, so that an interrupted run leaves no mistake in the tree. */
function copy() {
  rmSync(COPY, { recursive: true, force: true });
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' });
  for (const file of files.split('\0').filter((name) => name !== '' && existsSync(path.join(ROOT, name)))) {
    mkdirSync(path.dirname(path.join(COPY, file)), { recursive: true });
    cpSync(path.join(ROOT, file), path.join(COPY, file));
  }
}

function isCaught({ name, changes, tests }) {
  // From the copy, because the tree may change meanwhile.
  const originals = new Map(changes.map(({ file }) => [file, textOf(COPY, file)]));
  for (const { file, from, to } of changes) {
    writeFileSync(path.join(COPY, file), textOf(COPY, file).split(from).join(to));
  }
  const command = ['test', '--quiet', '--package', 'token-rotator-engine', '--lib', '--', ...tests];
  const options = {
    cwd: COPY,
    encoding: 'utf8',
    env: { ...process.env, CARGO_TARGET_DIR: path.join(ROOT, 'target') },
  };
  const { stdout, stderr } = spawnSync('cargo', command, { ...options, timeout: 600_000 });
  for (const [file, text] of originals) writeFileSync(path.join(COPY, file), text);
  const failed = /test result: FAILED\. \d+ passed; (\d+) failed/.exec(stdout);
  console.log(`${name}: ${failed ? `caught by ${failed[1]} tests` : 'NOT CAUGHT'}`);
  // A mistake that does not compile proves nothing, nor does a run that does not end.
  if (!failed) console.log(stderr);
  return failed !== null;
}

main();
