'use strict';

// The mutants that cargo-mutants would make of the protocol and the stores.

const { execFileSync, spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const path = require('node:path');

const { ROOT } = require('./copy.js');

const FILES = ['src/engine/fleet/**', 'src/engine/store/**'];
const NO_PRODUCT = [
  '**/tests.rs',
  '**/tests/**',
  '**/simulation/**',
  '**/fuzzing.rs',
  '**/testing.rs',
  '**/conformance.rs',
];

/** As cargo-mutants has them, with a number `id`, the `text` of the line, and `what` is changed. */
function list() {
  if (spawnSync('cargo', ['mutants', '--version']).status !== 0)
    throw new Error('cargo-mutants is missing; run `cargo install cargo-mutants --locked`');
  const files = FILES.flatMap((glob) => ['--file', glob]);
  const others = NO_PRODUCT.flatMap((glob) => ['--exclude', glob]);
  const command = ['mutants', '--list', '--json', '--package', 'token-rotator-engine', ...files, ...others];
  const found = JSON.parse(execFileSync('cargo', command, { cwd: ROOT, maxBuffer: 1 << 28 }).toString());
  const lines = new Map();
  for (const { file } of found) {
    if (!lines.has(file)) lines.set(file, readFileSync(path.join(ROOT, file), 'utf8').split('\n'));
  }
  return found.map((mutant, index) => ({
    ...mutant,
    id: index + 1,
    text: lines.get(mutant.file)[mutant.span.start.line - 1].trim(),
    what: mutant.name.replace(/^\S+: /, ''),
  }));
}

module.exports = { list };
