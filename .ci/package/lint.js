'use strict';

// Lints the tarball of the main package in dist/: publint, and are-the-types-wrong for every entry under every way to resolve it.
// They are fetched when they are needed, so that no install of this checkout has them.

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { mainManifest } = require('./manifests.js');

const { name, version } = mainManifest();
const tarball = path.join(__dirname, '../../dist', `${name}-${version}.tgz`);

const LINTERS = [
  ['publint@0.3.25', '--strict', tarball],
  // An entry that only `exports` knows cannot be resolved by TypeScript's oldest way, which reads no `exports`.
  ['@arethetypeswrong/cli@0.18.5', tarball],
];

for (const [spec, ...args] of LINTERS) {
  const { status } = spawnSync('npx', ['--yes', spec, ...args], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exitCode = 1;
}
