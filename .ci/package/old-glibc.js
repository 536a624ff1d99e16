'use strict';

// Proves that the package in dist/ runs with an old glibc: `node .ci/package/old-glibc.js`, as root, on Linux x64 with debootstrap. In a root of
// Debian 11 (glibc 2.31) the official Node runs the smoke programs, and tests of this checkout with the packed addon. Mounts are in a
// namespace of their own, and end with it.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const { installNodes } = require('../runtimes/versions.js');
const { mainManifest, platformManifest } = require('./manifests.js');
const { chosenTarget } = require('./targets.js');

const ROOT = path.join(__dirname, '../..');
const SYSTEM = path.join(ROOT, 'target', 'bullseye');

/** What depends on the system's library: threads, sockets, files, time, the end of a process. */
const TESTS = ['workers', 'rotation', 'epochs', 'abort', 'body', 'response', 'retries', 'callbacks/program'];

async function main() {
  if (!fs.existsSync(path.join(SYSTEM, 'etc/debian_version'))) debootstrap();
  const [{ version, node }] = installNodes(['20.19.0']);
  const project = install();
  const addon = path.join('/try/node_modules', platformManifest(chosenTarget([])).name);
  const binary = fs.readdirSync(path.join(SYSTEM, addon)).find((file) => file.endsWith('.node'));
  fs.copyFileSync(node, path.join(SYSTEM, 'usr/bin/node'));

  console.log(`Node ${version}, ${inside('ldd --version').split('\n')[0]}`);
  for (const file of fs.readdirSync(project).filter((name) => /\.m?js$/.test(name))) {
    console.log(inside(`cd /try && node ${file}`).trim());
  }
  const tests = TESTS.map((name) => `__test__/${name}`).join(' ');
  const jest = `cd /repo && TOKEN_ROTATOR_ADDON=${addon}/${binary} node node_modules/jest/bin/jest.js ${tests}`;
  const { status } = spawnSync(...inNamespace(jest), { stdio: ['ignore', 'inherit', 'inherit'] });
  process.exitCode = status === 0 ? 0 : 1;
}

function debootstrap() {
  const mirror = process.env.DEBIAN_MIRROR;
  const args = ['--variant=minbase', '--no-check-gpg', 'bullseye', SYSTEM, ...(mirror ? [mirror] : [])];
  fs.rmSync(SYSTEM, { recursive: true, force: true });
  execFileSync('debootstrap', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  fs.writeFileSync(path.join(SYSTEM, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n');
}

/** The folder in which the tarballs of dist/ are installed, beside the smoke programs. */
function install() {
  const project = path.join(SYSTEM, 'try');
  fs.rmSync(project, { recursive: true, force: true });
  fs.cpSync(path.join(__dirname, 'smoke'), project, { recursive: true });
  for (const { name, version } of [mainManifest(), platformManifest(chosenTarget([]))]) {
    const place = path.join(project, 'node_modules', name);
    fs.mkdirSync(place, { recursive: true });
    const tarball = path.join(ROOT, 'dist', `${name}-${version}.tgz`);
    execFileSync('tar', ['xzf', tarball, '--strip-components=1', '-C', place]);
  }
  return project;
}

function inside(command) {
  return execFileSync(...inNamespace(command), { encoding: 'utf8' });
}

function inNamespace(command) {
  const mounts = [
    ...['proc', 'dev'].map((name) => `mount --rbind /${name} "${SYSTEM}/${name}"`),
    `mkdir -p "${SYSTEM}/repo" && mount --bind "${ROOT}" "${SYSTEM}/repo"`,
  ].join(' && ');
  const script = `${mounts} && exec chroot "${SYSTEM}" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/root /bin/sh -c "$1"`;
  return ['unshare', ['--mount', 'sh', '-c', script, 'sh', command]];
}

main();
