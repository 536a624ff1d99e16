'use strict';

// `npm run fuzz -- --seconds=30 --seed=1 --target=challenge`: the targets of src/engine/fuzzing.rs on stable Rust, each for so many
// seconds of processor time. Without --target all of them. CONTRIBUTING.md says how to use libFuzzer instead.

const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const REPORT = path.join(ROOT, 'target', 'fuzz', 'report.txt');

const VARIABLES = { seconds: 'FUZZ_SECONDS', seed: 'FUZZ_SEED', target: 'FUZZ_TARGET' };

function readArguments(args) {
  const variables = { FUZZ_SECONDS: '30' };
  for (const arg of args) {
    const [, name, value] = /^--(\w+)=([\w-]+)$/.exec(arg) ?? [];
    if (!(name in VARIABLES)) throw new Error(`${arg} is none of --seconds=n --seed=n --target=name`);
    variables[VARIABLES[name]] = value;
  }
  return variables;
}

function main(args) {
  const env = { ...process.env, ...readArguments(args) };
  const cargo = ['test', '--quiet', '-p', 'token-rotator-engine', '--lib', 'fuzzing::tests::no_input'];
  const { status } = spawnSync('cargo', cargo, { cwd: ROOT, env, stdio: 'inherit' });
  if (status === 0) console.log(readFileSync(REPORT, 'utf8'));
  process.exitCode = status === 0 ? 0 : 1;
}

main(process.argv.slice(2));
