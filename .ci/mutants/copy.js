'use strict';

// A copy of the workspace, into which the mutants go.

const { execFileSync } = require('node:child_process');
const { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');
const FOLDER = path.join(ROOT, 'target', 'mutants');
const COPY = path.join(FOLDER, 'copy');

const ENGINE = 'src/engine/lib.rs';
/** The modules that neither the protocol nor a store knows: without them the build takes half the time. */
const LEFT_OUT = /^(?:#\[.*\]\n)*pub mod (?:client|event|exit|fuzzing|http|present|session|wait);\n/gm;
const MODULE = '\nmod mutant;\npub(crate) use mutant::mutant;\n';

/** Brings the copy up to date. Returns the texts of the engine's files without mutants, by their paths. */
function copy() {
  const originals = new Map();
  for (const file of files()) {
    mkdirSync(path.dirname(path.join(COPY, file)), { recursive: true });
    if (file.startsWith('src/engine/')) originals.set(file, readFileSync(path.join(ROOT, file), 'utf8'));
    else cpSync(path.join(ROOT, file), path.join(COPY, file), { preserveTimestamps: true });
  }
  originals.set(ENGINE, originals.get(ENGINE).replace(LEFT_OUT, '') + MODULE);
  // Those with mutants get them anew anyway.
  for (const [file, text] of originals) if (!isMutated(file)) put(file, text);
  put('src/engine/mutant.rs', readFileSync(path.join(__dirname, 'mutant.rs'), 'utf8'));
  return originals;
}

/** Those that git knows. jest would take a second package.json for the package. */
function files() {
  const command = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', command, { cwd: ROOT }).toString().split('\0');
  return listed.filter(
    (file) => file !== '' && !file.endsWith('package.json') && existsSync(path.join(ROOT, file)),
  );
}

/** Writes a file of the copy. One that is unchanged stays as it is, so that cargo builds little the next time. */
function put(file, text) {
  const to = path.join(COPY, file);
  if (!existsSync(to) || readFileSync(to, 'utf8') !== text) writeFileSync(to, text);
}

function isMutated(file) {
  const copied = path.join(COPY, file);
  return existsSync(copied) && readFileSync(copied, 'utf8').includes('/*[');
}

module.exports = { COPY, FOLDER, ROOT, copy, put };
