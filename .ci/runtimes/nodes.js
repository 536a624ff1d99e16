'use strict';

// jest under other versions of Node: `npm run test:nodes`; all files with `-- --all`, one version with `-- --node=22`. jest's own
// arguments are passed on, as in `npm run test:nodes -- --node=22 __test__/lifecycle/exit`. The last lines count the tests of each
// version and name the files that failed; `target/nodes-VERSION.json` is jest's report.

const { spawnSync } = require('node:child_process');
const { mkdirSync, readFileSync, rmSync } = require('node:fs');
const path = require('node:path');
const { runProgram } = require('../../tools/command-line.js');
const { NODES, installNodes } = require('./versions.js');

const ROOT = path.join(__dirname, '../..');
const REPORTS = path.join(ROOT, 'target');

/** What depends on Node: how environments begin and end, threads, and callbacks. The rest is the same under every version. */
const jestUnder = [
  'confined',
  'lifecycle',
  'workers',
  'rotation',
  'epochs',
  'abort',
  'callbacks/program',
].map((name) => `__test__/${name}`);

async function main(argv) {
  const isWhole = argv.includes('--all');
  const wanted = argv.find((argument) => argument.startsWith('--node='))?.slice('--node='.length);
  const own = argv.filter((argument) => argument !== '--all' && !argument.startsWith('--node='));
  const args = isWhole || own.length > 0 ? own : jestUnder;
  const all = Object.keys(NODES);
  const versions = all.filter((version) => wanted === undefined || `${version}.`.startsWith(`${wanted}.`));
  if (versions.length === 0) throw new Error(`--node=${wanted}: the versions are ${all.join(', ')}`);
  const outcomes = [];
  mkdirSync(REPORTS, { recursive: true });
  for (const { version, node } of installNodes(versions)) {
    console.log(`\n── Node ${version}`);
    const report = path.join(REPORTS, `nodes-${version}.json`);
    rmSync(report, { force: true });
    const jest = [require.resolve('jest/bin/jest'), '--json', '--outputFile', report, ...args];
    const { status } = spawnSync(node, jest, { cwd: ROOT, stdio: 'inherit' });
    outcomes.push(`Node ${version}: ${status === 0 ? 'passed' : 'FAILED'}${counted(report)}`);
    if (status !== 0) process.exitCode = 1;
  }
  console.log(`\n${outcomes.join('\n')}`);
}

/** How many tests passed, and the files that failed. */
function counted(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return ', without a report';
  }
  const failed = report.testResults.filter(({ status }) => status === 'failed');
  const files = failed.map(({ name }) => `\n  ${path.relative(ROOT, name)}`);
  const { numPassedTests, numFailedTests, numPendingTests } = report;
  return `, ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped${files.join('')}`;
}

if (require.main === module) runProgram(main);

module.exports = { jestUnder };
