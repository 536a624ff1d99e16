'use strict';

// Completes package-lock.json: `node .ci/lock.js`, after any `npm install` that changed it.
//
// npm leaves out the optional packages of other platforms when it cannot look them up, and `npm ci` then refuses the lock.
// Their versions are exact in the packages that ask for them, and their names say where they install; without an entry's
// checksum npm takes the registry's own.

const { readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const LOCK = path.join(__dirname, '..', 'package-lock.json');
const TRIPLE =
  /-(?<os>android|darwin|freebsd|linux|openharmony|win32)-(?<cpu>x64|arm64|arm|ia32|ppc64|riscv64|s390x|loong64)(?:-(?<abi>gnu|musl|msvc|eabi)\w*)?$/;

/** Where a package of this name installs; undefined if the name does not say. */
function platform(name) {
  if (/-wasm32-wasi\w*$/.test(name)) return { cpu: ['wasm32'] };
  const { os, cpu, abi } = TRIPLE.exec(name)?.groups ?? {};
  if (os === undefined) return undefined;
  const libc = { gnu: ['glibc'], musl: ['musl'] }[abi];
  return { cpu: [cpu], ...(os === 'linux' && libc ? { libc } : {}), os: [os] };
}

function complete(lock) {
  const added = {};
  for (const [place, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
    if (place === '') continue;
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const entry = `node_modules/${name}`;
      if (lock.packages[entry] || lock.packages[`${place}/${entry}`]) continue;
      const where = platform(name);
      if (where === undefined || !/^\d/.test(version)) {
        throw new Error(`${place} wants ${name}@${version}: add it by hand`);
      }
      added[entry] = { version, ...where, ...(dev ? { dev } : {}), optional: true };
    }
  }
  const { '': root, ...rest } = lock.packages;
  const sorted = Object.entries({ ...rest, ...added }).sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = { '': root, ...Object.fromEntries(sorted) };
  return Object.keys(added).length;
}

const lock = JSON.parse(readFileSync(LOCK, 'utf8'));
const count = complete(lock);
if (count > 0) writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${count} packages of other platforms added`);
