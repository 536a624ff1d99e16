'use strict';

// jest under other versions of Node: `npm run test:nodes`; all files with `-- --all`, one version with `-- --node=22`. jest's own
// arguments are passed on, as in `npm run test:nodes -- --node=22 __test__/lifecycle/exit`.

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { installNodes } = require('./versions.js');

const ROOT = path.join(__dirname, '../..');

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

function main(argv) {
  const all = argv.includes('--all');
  const wanted = argv.find((argument) => argument.startsWith('--node='))?.slice('--node='.length);
  const own = argv.filter((argument) => argument !== '--all' && !argument.startsWith('--node='));
  const args = all || own.length > 0 ? own : jestUnder;
  const outcomes = [];
  for (const { version, node } of installNodes()) {
    if (wanted !== undefined && !`${version}.`.startsWith(`${wanted}.`)) continue;
    console.log(`\n── Node ${version}`);
    const jest = [require.resolve('jest/bin/jest'), ...args];
    const { status } = spawnSync(node, jest, { cwd: ROOT, stdio: 'inherit' });
    outcomes.push(`Node ${version}: ${status === 0 ? 'passed' : 'FAILED'}`);
    if (status !== 0) process.exitCode = 1;
  }
  console.log(`\n${outcomes.join('\n')}`);
}

if (require.main === module) main(process.argv.slice(2));

module.exports = { jestUnder };
