'use strict';

// A copy of the workspace, into which the mutants go.

const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');

const { ROOT, copyWorkspace, files, put: putFile } = require('../copy.js');

const FOLDER = path.join(ROOT, 'target', 'mutants');
const COPY = path.join(FOLDER, 'copy');

const ENGINE = 'src/engine/lib.rs';
/** The modules that neither the protocol nor a store knows: without them the build takes half the time. */
const LEFT_OUT = /^(?:#\[.*\]\n)*pub mod (?:client|event|exit|fuzzing|http|present|session|wait);\n/gm;
const MODULE = '\nmod mutant;\npub(crate) use mutant::mutant;\n';

/** Brings the copy up to date. Returns the texts of the engine's files without mutants, by their paths. */
function copy() {
  copyWorkspace(COPY, isOfEngine);
  const texts = files()
    .filter(isOfEngine)
    .map((file) => [file, readFileSync(path.join(ROOT, file), 'utf8')]);
  const originals = new Map(texts);
  originals.set(ENGINE, originals.get(ENGINE).replace(LEFT_OUT, '') + MODULE);
  // Those with mutants get them anew anyway.
  for (const [file, text] of originals) if (!isMutated(file)) put(file, text);
  put('src/engine/mutant.rs', readFileSync(path.join(__dirname, 'mutant.rs'), 'utf8'));
  return originals;
}

/** Writes a file of the copy. */
function put(file, text) {
  putFile(path.join(COPY, file), text);
}

function isOfEngine(file) {
  return file.startsWith('src/engine/');
}

function isMutated(file) {
  const copied = path.join(COPY, file);
  return existsSync(copied) && readFileSync(copied, 'utf8').includes('/*[');
}

module.exports = { COPY, FOLDER, ROOT, copy, put };
