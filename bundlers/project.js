'use strict';

// A user's project in a folder of its own: bundlers in the versions of package-lock.json, and the packed packages of the debug build.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');

const { packagesIn, startRegistry } = require('../.ci/package/registry.js');
const { chosenTarget, folderOf } = require('../.ci/package/targets.js');
const { makeFolder } = require('../tools/leftovers.js');

const run = promisify(execFile);
const ROOT = path.join(__dirname, '..');
const TOOLS = path.join(ROOT, 'target', 'bundlers');
/** With a lock file `npm install` installs its versions too, and does not mind a package of another platform that the lock lacks. */
const QUIET = ['--ignore-scripts', '--no-audit', '--no-fund'];

/** Outside of this checkout, because bundlers read its tsconfig.json and its node_modules otherwise. */
async function makeProject() {
  await installTools();
  const folder = await makeFolder('bundlers-');
  await installPackages(folder);
  linkTree(path.join(TOOLS, 'node_modules'), path.join(folder, 'node_modules'));
  fs.cpSync(path.join(__dirname, 'project'), folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'program.mjs'), asModule(read('project/program.js')));
  return folder;
}

async function installTools() {
  const lock = read('package-lock.json');
  const stamp = path.join(TOOLS, 'installed.json');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === lock) return;
  console.log('installing the bundlers: about 800 MB');
  fs.mkdirSync(TOOLS, { recursive: true });
  for (const file of ['package.json', 'package-lock.json'])
    fs.copyFileSync(path.join(__dirname, file), path.join(TOOLS, file));
  await run('npm', ['install', ...QUIET], { cwd: TOOLS });
  fs.writeFileSync(stamp, lock);
}

async function installPackages(folder) {
  await run(process.execPath, ['.ci/package/pack.js', '--debug'], { cwd: ROOT });
  const registry = await startRegistry(packagesIn(folderOf(['--debug']), chosenTarget([])));
  const from = ['--registry', registry.url, '--cache', path.join(folder, 'cache')];
  try {
    fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
    await run('npm', ['install', ...QUIET, ...from, 'token-rotator'], { cwd: folder });
  } finally {
    await registry.close();
    fs.rmSync(path.join(folder, 'cache'), { recursive: true, force: true });
  }
}

/** Hard links, because some bundlers follow no symbolic link out of the project, and a copy takes long. */
function linkTree(from, to) {
  fs.mkdirSync(to, { recursive: true });
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [source, place] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, place);
    else if (entry.isSymbolicLink()) fs.symlinkSync(fs.readlinkSync(source), place);
    else link(source, place);
  }
}

function link(source, place) {
  try {
    fs.linkSync(source, place);
  } catch (error) {
    if (error.code === 'EEXIST') return;
    if (error.code !== 'EXDEV') throw error;
    fs.copyFileSync(source, place);
  }
}

/** The same program with `import`. */
function asModule(text) {
  return text
    .replace("'use strict';\n\n", '')
    .replaceAll(/^const (.*) = require\((.*)\);$/gm, 'import $1 from $2;');
}

const read = (file) => fs.readFileSync(path.join(__dirname, file), 'utf8');

module.exports = { makeProject };
