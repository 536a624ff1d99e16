'use strict';

// `npm run fuzz`: the targets of src/engine/fuzzing.rs on stable Rust. CONTRIBUTING.md says how to use libFuzzer instead.

const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const path = require('node:path');
const { print, readOptions, runProgram } = require('../tools/command-line.js');

const ROOT = path.join(__dirname, '..');
const REPORT = path.join(ROOT, 'target', 'fuzz', 'report.txt');

const USAGE = `usage: npm run fuzz -- [--seconds=<n>] [--seed=<n>] [--target=<name>]

  --seconds  of processor time for each target; default 30
  --seed     repeats its inputs
  --target   one of src/engine/fuzzing.rs; default: all`;

async function main(args) {
  const options = readOptions(args, {
    ...{ usage: USAGE, texts: { target: undefined }, numbers: { seconds: 30, seed: undefined } },
  });
  if (options.help) return print(USAGE);
  const given = ['seconds', 'seed', 'target'].filter((name) => options[name] !== undefined);
  const variables = given.map((name) => [`FUZZ_${name.toUpperCase()}`, String(options[name])]);
  const env = { ...process.env, ...Object.fromEntries(variables) };
  const cargo = ['test', '--quiet', '-p', 'token-rotator-engine', '--lib', 'fuzzing::tests::no_input'];
  const { status } = spawnSync('cargo', cargo, { cwd: ROOT, env, stdio: 'inherit' });
  if (status === 0) print(readFileSync(REPORT, 'utf8'));
  process.exitCode = status === 0 ? 0 : 1;
}

runProgram(main);
