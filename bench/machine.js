'use strict';

// Where and with what a run was made: figures mean nothing without it.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const PACKAGES = ['undici', 'axios', 'token-refresh', 'axios-auth-refresh'];
/** One-minute load above which the machine is not quiet enough for figures worth keeping. */
const QUIET_LOAD = 0.3;

function describeMachine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    loadBefore: os.loadavg()[0],
    quiet: os.loadavg()[0] < QUIET_LOAD,
  };
}

function describeVersions() {
  const versionIn = (folder) =>
    JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).version;
  const packages = PACKAGES.map((name) => [name, versionIn(path.join(ROOT, 'node_modules', name))]);
  const { node, undici } = process.versions;
  return { node, "node's undici": undici, 'token-rotator': versionIn(ROOT), ...Object.fromEntries(packages) };
}

module.exports = { describeMachine, describeVersions };
