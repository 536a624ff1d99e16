'use strict';

// Writes the published packages to dist/: that of token-rotator and that of a platform, whose binary `build.js` has put there.
// `--main` and `--platform` write one of both, `--target TRIPLE` names another platform than this one. `--debug` takes the binary of
// native/, which is made for this machine, checks neither its glibc nor the size, and writes to target/package/: for tests.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const { checkBinary, checkSize } = require('./checks.js');
const { deadLinks, publishedLinks } = require('./links.js');
const { NOTICES, noticesOf } = require('./notices.js');
const { mainManifest, platformManifest, platformReadme } = require('./manifests.js');
const { chosenTarget, folderOf } = require('./targets.js');

const ROOT = path.join(__dirname, '../..');
const DEBUG = process.argv.includes('--debug');
const BINARIES = path.join(ROOT, DEBUG ? 'native' : 'dist');
const DIST = folderOf(process.argv);
const STAGE = path.join(DIST, 'stage');

function main(argv) {
  const both = !argv.includes('--main') && !argv.includes('--platform');
  const packed = [];
  fs.rmSync(STAGE, { recursive: true, force: true });
  if (both || argv.includes('--platform')) packed.push(packPlatform(chosenTarget(argv)));
  if (both || argv.includes('--main')) packed.push(packMain());
  fs.rmSync(STAGE, { recursive: true });
  for (const { filename, unpackedSize } of packed) {
    console.log(
      `${path.relative(ROOT, path.join(DIST, filename))}: ${(unpackedSize / 1e6).toFixed(2)} MB unpacked`,
    );
  }
  if (both && !DEBUG) checkSize(packed);
}

function packPlatform(target) {
  const manifest = platformManifest(target);
  const binary = path.join(BINARIES, manifest.main);
  if (!DEBUG) checkBinary(binary, target);
  const stage = newStage(manifest.name);
  fs.copyFileSync(binary, path.join(stage, manifest.main));
  fs.copyFileSync(path.join(ROOT, 'LICENSE'), path.join(stage, 'LICENSE'));
  fs.writeFileSync(path.join(stage, NOTICES), noticesOf(target));
  fs.writeFileSync(path.join(stage, 'README.md'), platformReadme(target));
  return pack(stage, manifest);
}

function packMain() {
  const manifest = mainManifest();
  const stage = newStage(manifest.name);
  const files = new Set(filesOf(ROOT));
  for (const file of files) {
    fs.mkdirSync(path.join(stage, path.dirname(file)), { recursive: true });
    if (file.endsWith('.md')) writePage(stage, file, { files, repository: manifest.repository?.url });
    else fs.copyFileSync(path.join(ROOT, file), path.join(stage, file));
  }
  return pack(stage, manifest);
}

/** The paths that npm would publish of this folder. */
function filesOf(folder) {
  const output = npm(['pack', '--dry-run', '--json', '--ignore-scripts'], folder);
  return JSON.parse(output)[0].files.map(({ path: file }) => file);
}

function writePage(stage, file, about) {
  const text = publishedLinks(fs.readFileSync(path.join(ROOT, file), 'utf8'), { file, ...about });
  const dead = deadLinks(text, { file, ...about });
  if (dead.length > 0) throw new Error(`${file} links to what is not published: ${dead.join(', ')}`);
  fs.writeFileSync(path.join(stage, file), text);
}

function newStage(name) {
  const stage = path.join(STAGE, name);
  fs.mkdirSync(stage, { recursive: true });
  return stage;
}

/** What npm says of the tarball: `filename` in dist/, `unpackedSize` in bytes. */
function pack(stage, manifest) {
  fs.writeFileSync(path.join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return JSON.parse(npm(['pack', '--json', '--ignore-scripts', '--pack-destination', DIST], stage))[0];
}

function npm(args, cwd) {
  const shell = process.platform === 'win32';
  return execFileSync('npm', args, { cwd, encoding: 'utf8', shell, stdio: ['ignore', 'pipe', 'inherit'] });
}

main(process.argv.slice(2));
