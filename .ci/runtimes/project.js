'use strict';

// A program's folder in which token-rotator is installed, with the debug build: what the tarballs of `.ci/package/pack.js` would
// install, without packing 60 MB.

const fs = require('node:fs');
const path = require('node:path');
const { mainManifest, packageOf, platformManifest } = require('../package/manifests.js');
const { chosenTarget } = require('../package/targets.js');

const ROOT = path.join(__dirname, '../..');

/** Packages of the programs that a user would have installed too. */
const PEERS = ['axios', 'undici'];

/**
 * @param {string} folder  is made anew
 * @param {string[]} programs  folders; their files are copied into it
 */
function layOut(folder, programs) {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  for (const programsFolder of programs) fs.cpSync(programsFolder, folder, { recursive: true });
  const main = mainManifest();
  // Deno takes a file for CommonJS, and a name for a package, if package.json says so.
  const manifest = { private: true, type: 'commonjs', dependencies: { [main.name]: main.version } };
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));

  const installed = placed(folder, main.name, main);
  for (const name of ['index.js', 'lib']) {
    fs.cpSync(path.join(ROOT, name), path.join(installed, name), { recursive: true });
  }
  const target = chosenTarget([]);
  const platform = platformManifest(target);
  const addon = path.join(placed(folder, packageOf(target), platform), platform.main);
  fs.copyFileSync(path.join(ROOT, 'native', platform.main), addon);
  for (const name of PEERS) {
    fs.symlinkSync(
      path.join(ROOT, 'node_modules', name),
      path.join(folder, 'node_modules', name),
      'junction',
    );
  }
}

function placed(folder, name, manifest) {
  const place = path.join(folder, 'node_modules', name);
  fs.mkdirSync(place, { recursive: true });
  fs.writeFileSync(path.join(place, 'package.json'), JSON.stringify(manifest));
  return place;
}

module.exports = { layOut };
