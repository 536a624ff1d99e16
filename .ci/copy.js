'use strict';

// A copy of the workspace, into which mistakes are put. An interrupted run then leaves none in the tree.

const { execFileSync } = require('node:child_process');
const { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

/** Brings the copy in this folder up to date. `isLeft`: true for files that the caller writes itself. */
function copyWorkspace(folder, isLeft = () => false) {
  for (const file of files()) {
    const to = path.join(folder, file);
    mkdirSync(path.dirname(to), { recursive: true });
    const from = path.join(ROOT, file);
    if (!isLeft(file) && !holds(to, readFileSync(from))) cpSync(from, to);
  }
}

/** Those that git knows. jest would take a second package.json for the package. */
function files() {
  const command = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', command, { cwd: ROOT, encoding: 'utf8' }).split('\0');
  return listed.filter(
    (file) => file !== '' && !file.endsWith('package.json') && existsSync(path.join(ROOT, file)),
  );
}

/** Writes a file of a copy. */
function put(to, text) {
  if (!holds(to, Buffer.from(text))) writeFileSync(to, text);
}

/** A file that is unchanged stays as it is, so that cargo builds little the next time. */
function holds(file, bytes) {
  return existsSync(file) && readFileSync(file).equals(bytes);
}

module.exports = { ROOT, copyWorkspace, files, put };
