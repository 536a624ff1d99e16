'use strict';

// Publishes the tarballs of dist/, or of the folder that is named: `node .ci/package/publish.js [FOLDER]`. The platforms go first, so that the
// main package never asks for one that is not there.
//
// npm refuses a version that exists, so that a release that has stopped midway could not be repeated: packages that are there with the same
// content are left out. If one is there with another content, nothing is published.

const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const path = require('node:path');

const { mainManifest, platformManifest } = require('./manifests.js');
const { TARGETS, folderOf } = require('./targets.js');

async function main([folder = folderOf([])]) {
  const registry = npm(['config', 'get', 'registry'], 'pipe').trim();
  const missing = [];
  for (const { name, version } of [...TARGETS.map(platformManifest), mainManifest()]) {
    const tarball = path.resolve(folder, `${name}-${version}.tgz`);
    const own = integrityOf(readFileSync(tarball));
    const there = await publishedIntegrity(registry, name, version);
    if (there === undefined) missing.push(tarball);
    else if (there === own) console.log(`${name} ${version} is published already`);
    else throw new Error(`${name} ${version} is published with another content: ${there}, and here ${own}`);
  }
  // After all are compared, because a package cannot be taken back.
  for (const tarball of missing) npm(['publish', tarball, '--access', 'public'], 'inherit');
}

const integrityOf = (tarball) => `sha512-${createHash('sha512').update(tarball).digest('base64')}`;

/** Undefined if this version is not published. */
async function publishedIntegrity(registry, name, version) {
  const response = await fetch(new URL(name, registry));
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`the registry answered ${response.status} about ${name}`);
  const { versions } = await response.json();
  return versions[version]?.dist.integrity;
}

function npm(args, stdout) {
  const shell = process.platform === 'win32';
  return execFileSync('npm', args, { encoding: 'utf8', shell, stdio: ['ignore', stdout, 'inherit'] });
}

main(process.argv.slice(2));
