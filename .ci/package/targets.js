'use strict';

// The platforms for which there is a package with the addon: those of `napi.targets` in package.json.

const path = require('node:path');
const { napi } = require('../../package.json');

/** The oldest glibc that the packages ask for: that of Node's own binaries. */
const GLIBC_FLOOR = '2.28';

const SYSTEMS = { linux: 'linux', darwin: 'darwin', windows: 'win32' };
const CPUS = { x86_64: 'x64', aarch64: 'arm64' };

/** `name` is that in the names of packages and binaries, as napi has it; `os`, `cpu` and `libc` are npm's words. */
const TARGETS = napi.targets.map((triple) => {
  const [machine, , system, abi] = triple.split('-');
  const os = SYSTEMS[system];
  const cpu = CPUS[machine];
  const name = [os, cpu, abi].filter(Boolean).join('-');
  return { triple, name, os, cpu, libc: { gnu: 'glibc', musl: 'musl' }[abi] };
});

/** The target of this machine, or the one that the option `--target` names by its triple. */
function chosenTarget(argv) {
  const at = argv.indexOf('--target');
  const wanted = at === -1 ? triplesOfThisMachine() : [argv[at + 1]];
  const target = TARGETS.find(({ triple }) => wanted.includes(triple));
  if (target === undefined) {
    throw new Error(
      `no package for ${wanted.join(' or ')}; --target takes ${TARGETS.map(({ triple }) => triple).join(', ')}`,
    );
  }
  return target;
}

function triplesOfThisMachine() {
  const musl = process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
  return TARGETS.filter(
    ({ os, cpu, libc }) =>
      os === process.platform && cpu === process.arch && (libc === undefined || (libc === 'musl') === musl),
  ).map(({ triple }) => triple);
}

/** Where the packages are written: of a debug build elsewhere, so that it cannot be published by mistake. */
function folderOf(argv) {
  return path.join(__dirname, '../..', argv.includes('--debug') ? 'target/package' : 'dist');
}

module.exports = { GLIBC_FLOOR, TARGETS, chosenTarget, folderOf };
