'use strict';

// Puts mistakes that others made into a copy of the engine, one at a time, and sees that a test fails: `npm run seeded-bugs`,
// some four minutes on a quiet machine. `--check` only sees that each of them still fits the code. Mistakes of the protocol of
// shared rotation are switches of its tests (src/engine/fleet/switches.rs).

const { readFileSync } = require('node:fs');
const path = require('node:path');

const { endGroup, start } = require('../tools/leftovers.js');
const { ROOT, copyWorkspace, put } = require('./copy.js');
const { BUGS } = require('./seeded-bugs/list.js');

const COPY = path.join(ROOT, 'target', 'seeded-bugs');

/**
 * No other build has this profile. Otherwise cargo takes two copies in one target folder for the same package, and runs the tests of
 * one as those of the other.
 */
const OWN_PROFILE = 'profile.dev.package.token-rotator-engine.codegen-units=64';

/** A run whose tests end no more, because a mistake lets the others wait for ever. */
const SILENCE_MS = 120_000;

async function main() {
  const isFit = ({ changes }) =>
    changes.every(({ file, from }) => textOf(ROOT, file).split(from).length === 2);
  const unfit = BUGS.filter((bug) => !isFit(bug));
  for (const { name } of unfit)
    console.log(`${name}: its text is not in the code once; write the change anew`);
  if (process.argv.includes('--check')) {
    process.exitCode = unfit.length > 0 ? 1 : 0;
    return;
  }
  copyWorkspace(COPY);
  let caught = 0;
  for (const bug of BUGS.filter((one) => !unfit.includes(one))) {
    if (await isCaught(bug)) caught += 1;
  }
  console.log(`${caught} of ${BUGS.length} are caught`);
  process.exitCode = caught < BUGS.length ? 1 : 0;
}

const textOf = (root, file) => readFileSync(path.join(root, file), 'utf8');

async function isCaught({ name, changes, tests }) {
  // From the copy, because the tree may change meanwhile.
  const originals = new Map(changes.map(({ file }) => [file, textOf(COPY, file)]));
  for (const { file, from, to } of changes) {
    put(path.join(COPY, file), textOf(COPY, file).split(from).join(to));
  }
  const { failed, stderr } = await failures(tests);
  for (const [file, text] of originals) put(path.join(COPY, file), text);
  console.log(`${name}: ${failed > 0 ? `caught by ${failed} tests` : 'NOT CAUGHT'}`);
  // A mistake that does not compile proves nothing.
  if (failed === 0) console.log(stderr);
  return failed > 0;
}

/** How many tests fail. Line by line, because libtest sums up only when all have ended, and a mistake may let some wait for ever. */
function failures(tests) {
  const own = ['--config', OWN_PROFILE];
  const of = ['--package', 'token-rotator-engine', '--lib'];
  const command = ['test', ...own, ...of, '--', '--test-threads=8', ...tests];
  const env = { ...process.env, CARGO_TARGET_DIR: path.join(ROOT, 'target') };
  // A group of its own, because cargo's end does not end the tests. It ends with this program too.
  const child = start('cargo', command, {
    cwd: COPY,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let silence;
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
    clearTimeout(silence);
    silence = setTimeout(() => endGroup(child), SILENCE_MS);
  });
  return new Promise((resolve) => {
    child.on('close', () => {
      clearTimeout(silence);
      resolve({ failed: stdout.match(/^test \S+ .*\.\.\. FAILED$/gm)?.length ?? 0, stderr });
    });
  });
}

main();
