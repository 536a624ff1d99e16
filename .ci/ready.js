'use strict';

// Everything CI checks, in one command: `npm run ready`. It wants a build (`npm run build:debug`). All steps run even if one
// fails; the last lines say what each took, and how many tests there were.

const { spawn } = require('node:child_process');
const { mkdirSync, readFileSync, rmSync } = require('node:fs');
const path = require('node:path');
const { jestUnder } = require('./runtimes/nodes.js');
const { testRuntimes } = require('./runtimes/run.js');
const { installNodes } = require('./runtimes/versions.js');

const ROOT = path.join(__dirname, '..');
const REPORT = path.join(ROOT, 'target', 'ready.json');

const HAND_WRITTEN = ['index.js', 'index.d.ts'];

/** Each resolves with true or false, or with `{ passed, failed }` where it runs tests. */
const steps = {
  'cargo fmt': () => run('cargo', ['fmt', '--all', '--check']),
  'cargo clippy': () => run('cargo', ['clippy', '--workspace', '--all-targets', '--', '-D', 'warnings']),
  eslint: () => run('npx', ['eslint', '.']),
  'arrows in lib': () => run('npx', ['depcruise', '--config', '.dependency-cruiser.js', 'index.js', 'lib']),
  prettier: () => run('npx', ['prettier', '--check', '.']),
  types: () => run('npx', ['tsc', '-p', '__test__/tsconfig.json']),
  'types inside lib': () => run('npx', ['tsc', '-p', 'tsconfig.json']),
  'entry files are ours': ours,
  'seeded bugs fit the code': () => run('node', ['.ci/seeded-bugs.js', '--check']),
  'cargo test': cargoTest,
  jest: () => jest(process.execPath),
  'packages, installed by npm': packages,
  'programs under Node, Bun and Deno': () => testRuntimes(),
};

async function main() {
  mkdirSync(path.dirname(REPORT), { recursive: true });
  for (const { version, node } of installNodes()) {
    steps[`jest, Node ${version}`] = () => jest(node, jestUnder);
  }
  const lines = [];
  const total = { passed: 0, failed: 0 };
  for (const [name, step] of Object.entries(steps)) {
    console.log(`\n── ${name}`);
    const begun = Date.now();
    const result = await step().catch((error) => {
      console.log(error);
      return false;
    });
    const counted = typeof result === 'object' ? result : { passed: 0, failed: result ? 0 : 1 };
    total.passed += counted.passed;
    total.failed += counted.failed;
    const verdict = typeof result === 'object' ? `${result.passed} passed, ${result.failed} failed` : '';
    const seconds = ((Date.now() - begun) / 1000).toFixed(0).padStart(5);
    lines.push(`${seconds} s  ${counted.failed === 0 ? 'ok    ' : 'FAILED'}  ${name}  ${verdict}`.trimEnd());
  }
  console.log(`\n${lines.join('\n')}\n\n${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 ? 0 : 1;
}

/** `napi build` without its options would overwrite them, and says so in their first line. */
async function ours() {
  const generated = HAND_WRITTEN.filter((file) =>
    readFileSync(path.join(ROOT, file), 'utf8').includes('NAPI-RS'),
  );
  if (generated.length > 0) console.log(`overwritten by napi build: ${generated.join(', ')}`);
  // A clean clone has nothing that may differ; a work tree may.
  const same = process.env.CI ? await run('git', ['diff', '--exit-code', '--', ...HAND_WRITTEN]) : true;
  return generated.length === 0 && same;
}

/** Those of the debug build. `npm run package:test` tries the release, with every package manager. */
async function packages() {
  return (
    (await run('node', ['.ci/package/pack.js', '--debug'])) &&
    (await run('node', ['.ci/package/try.js', '--debug', 'npm']))
  );
}

async function cargoTest() {
  let text = '';
  const ok = await run('cargo', ['test', '--workspace'], (chunk) => (text += chunk));
  const counts = { passed: 0, failed: 0 };
  for (const [, passed, failed] of text.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)) {
    counts.passed += Number(passed);
    counts.failed += Number(failed);
  }
  return atLeastOne(ok, counts);
}

async function jest(node, args = []) {
  rmSync(REPORT, { force: true });
  const jestBin = require.resolve('jest/bin/jest');
  // As many workers as cores. Alone, jest would run all files in its own process, and use one core of two.
  const flags = ['--ci', '--maxWorkers=100%', '--json', '--outputFile', REPORT];
  const ok = await run(node, [jestBin, ...flags, ...args], () => {});
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
      readFileSync(REPORT, 'utf8'),
    );
    return atLeastOne(ok, { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites });
  } catch {
    return atLeastOne(false, { passed: 0, failed: 0 });
  }
}

/** A runner that failed, or found nothing to run, has not passed, whatever it counted. */
function atLeastOne(ok, { passed, failed }) {
  return { passed, failed: failed === 0 && (!ok || passed === 0) ? 1 : failed };
}

/** Whether it exited with 0. `output` gets its stdout, which is not shown where nobody would read it. */
function run(command, args, output) {
  const stdout = output === undefined ? 'inherit' : 'pipe';
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', stdout, 'inherit'] });
  if (output !== undefined) {
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      output(chunk);
      if (command === 'cargo') process.stdout.write(chunk);
    });
  }
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.log(`${command}: ${error.message}`);
      resolve(false);
    });
    child.once('close', (code) => resolve(code === 0));
  });
}

main();
