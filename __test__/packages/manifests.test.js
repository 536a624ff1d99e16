'use strict';

// What is published beside the code: names, versions, platforms, and no script that runs at an installation.

const { readFileSync } = require('node:fs');
const path = require('node:path');
const { glibcOf } = require('../../.ci/package/checks.js');
const { mainManifest, platformManifest } = require('../../.ci/package/manifests.js');
const { TARGETS, chosenTarget } = require('../../.ci/package/targets.js');
const own = require('../../package.json');

const loader = readFileSync(path.join(__dirname, '../../lib/crossing/addon.js'), 'utf8');

test('the package asks for that of each platform, in its own version', () => {
  const names = TARGETS.map(({ name }) => `token-rotator-${name}`);
  expect(names).toHaveLength(8);
  expect(mainManifest().optionalDependencies).toEqual(
    Object.fromEntries(names.map((name) => [name, own.version])),
  );
});

test('the loader knows these packages and no others', () => {
  const known = [...loader.matchAll(/require\('(token-rotator-[^']+)'\)/g)].map(([, name]) => name);
  expect(known.sort()).toEqual(Object.keys(mainManifest().optionalDependencies).sort());
});

test('nothing runs at an installation, and nothing else is installed', () => {
  for (const manifest of [mainManifest(), ...TARGETS.map(platformManifest)]) {
    expect(manifest).not.toHaveProperty('scripts');
    expect(manifest).not.toHaveProperty('dependencies');
  }
});

test('this checkout asks for no package that is not published yet', () => {
  expect(own).not.toHaveProperty('optionalDependencies');
});

test.each([
  ['linux-x64-gnu', { os: ['linux'], cpu: ['x64'], libc: ['glibc'] }],
  ['linux-arm64-musl', { os: ['linux'], cpu: ['arm64'], libc: ['musl'] }],
  ['darwin-arm64', { os: ['darwin'], cpu: ['arm64'] }],
  ['win32-x64-msvc', { os: ['win32'], cpu: ['x64'] }],
])('%s is installed where it can be loaded, and nowhere else', (name, where) => {
  const { os, cpu, libc } = platformManifest(TARGETS.find((target) => target.name === name));
  expect({ os, cpu, ...(libc && { libc }) }).toEqual(where);
});

test('each entry has types for import and for require', () => {
  for (const [entry, conditions] of Object.entries(own.exports)) {
    if (entry === './package.json') continue;
    for (const used of [conditions.import ?? conditions, conditions.require ?? conditions.default]) {
      const types = typeof used === 'string' ? conditions.types : used.types;
      expect(`${entry}: ${types}`).toMatch(/\.d\.m?ts$/);
    }
  }
});

test('the newest glibc that a binary asks for is found', () => {
  expect(glibcOf(Buffer.from('\0GLIBC_2.2.5\0GLIBC_2.28\0GLIBC_2.9\0'))).toBe('2.28');
  expect(glibcOf(Buffer.from('\0libc.musl-x86_64.so.1\0'))).toBeUndefined();
});

test('a platform without a package is named', () => {
  expect(() => chosenTarget(['--target', 'mips-unknown-linux-gnu'])).toThrow(
    'no package for mips-unknown-linux-gnu',
  );
});
