'use strict';

// Programs that are npm packages with a binary in them, in `target/fetched`, where `npm ci` leaves them alone. They are no
// devDependencies, because `npm ci` would then load 300 MB for a test that few need.

const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

/** By this name, because jest would look for modules in any other folder. */
const HOME = path.join(__dirname, '../../target/fetched/node_modules');

/**
 * The folder of a package, which is fetched if it is not there yet.
 * @param {string} spec  name and exact version
 * @param {string} integrity  as `npm view SPEC dist.integrity` says. A tarball that differs is refused
 */
function fetched(spec, integrity) {
  const folder = path.join(HOME, spec.replaceAll('/', '+'));
  if (fs.existsSync(folder)) return folder;
  fs.mkdirSync(HOME, { recursive: true });
  const stage = fs.mkdtempSync(path.join(HOME, 'stage-'));
  try {
    execFileSync('npm', ['pack', spec, '--silent', '--ignore-scripts', '--pack-destination', stage], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [name] = fs.readdirSync(stage);
    const tarball = path.join(stage, name);
    const sum = `sha512-${createHash('sha512').update(fs.readFileSync(tarball)).digest('base64')}`;
    if (sum !== integrity)
      throw new Error(`${spec} is not the package that was pinned: the registry has ${sum}`);
    execFileSync('tar', ['xzf', tarball, '-C', stage]);
    // In one step: a folder that is there is whole, also if this run is ended in its middle or another one does the same.
    fs.renameSync(path.join(stage, 'package'), folder);
  } finally {
    fs.rmSync(stage, { recursive: true, force: true });
  }
  return folder;
}

module.exports = { fetched };
