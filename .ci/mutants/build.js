'use strict';

// One build of the engine's tests with all mutants in it.

const { execFileSync } = require('node:child_process');
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const { start } = require('../../tools/leftovers.js');
const { COPY, FOLDER, ROOT, copy, put } = require('./copy.js');
const { culprits } = require('./culprits.js');

/** What the compiler said of mutants in earlier runs. */
const REFUSED = path.join(FOLDER, 'refused.json');

/**
 * Resolves with the binary, and with `refused`: from the number of a mutant that does not compile to the compiler's words.
 * The compiler tells of some errors only when there are no others, so that this takes several rounds; the next run knows them.
 */
async function build(mutants) {
  const known = existsSync(REFUSED) ? JSON.parse(readFileSync(REFUSED, 'utf8')) : {};
  const keyOf = ({ name, text }) => `${name}\n${text}`;
  const refused = new Map(
    mutants.filter((mutant) => known[keyOf(mutant)]).map((mutant) => [mutant.id, known[keyOf(mutant)]]),
  );
  const originals = copy();
  const files = [...new Set(mutants.map(({ file }) => file))];
  for (;;) {
    const kept = mutants.filter(({ id }) => !refused.has(id));
    const texts = withSwitches(kept);
    for (const file of files) put(file, texts[file] ?? originals.get(file));
    for (const { id } of kept) {
      const isThere = Object.values(texts).some((text) => text.includes(`/*[${id}*/`));
      if (!isThere) refused.set(id, 'it has no place for a branch');
    }
    const { binary, errors } = await compile();
    if (binary) return { binary, refused };
    const { size } = refused;
    for (const { spans, message } of errors) {
      for (const id of culprits(spans, texts)) refused.set(id, message);
    }
    console.log(`${refused.size} mutants do not compile so far`);
    for (const mutant of mutants.filter(({ id }) => refused.has(id))) {
      known[keyOf(mutant)] = refused.get(mutant.id);
    }
    writeFileSync(REFUSED, JSON.stringify(known, null, 1));
    if (refused.size === size) {
      const said = errors.map(({ rendered }) => rendered).join('\n');
      throw new Error(`the copy does not build; \`cargo test --no-run\` in ${COPY} says why\n${said}`);
    }
  }
}

/** The files with these mutants in them, `{ path: text }`. */
function withSwitches(mutants) {
  const command = ['run', '--quiet', '--package', 'token-rotator-mutants', '--', ROOT];
  const options = { cwd: ROOT, input: JSON.stringify(mutants), maxBuffer: 1 << 28 };
  return JSON.parse(execFileSync('cargo', command, options).toString());
}

/** Resolves with the binary of the tests, or with the compiler's errors. */
function compile() {
  const of = ['--lib', '--package', 'token-rotator-engine'];
  const quick = ['--config', 'profile.dev.package.token-rotator-engine.debug=0'];
  const command = ['cargo', 'test', '--no-run', '--message-format=json', ...of, ...quick];
  const env = { ...process.env, CARGO_TARGET_DIR: path.join(ROOT, 'target') };
  // A group, so that the compiler ends with this program too.
  const options = { cwd: COPY, env, detached: true };
  const child = start('nice', command, { ...options, stdio: ['ignore', 'pipe', 'ignore'] });
  return new Promise((resolve) => {
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
    child.on('close', () => {
      const lines = out.split('\n').filter(Boolean);
      const told = lines.map((text) => JSON.parse(text));
      const isTests = ({ executable, target }) => executable && target.name === 'token_rotator_engine';
      const binary = told.find(isTests)?.executable;
      const errors = told
        .map(({ message }) => message)
        .filter((message) => message?.level === 'error' && message.spans.length > 0);
      resolve({ binary, errors });
    });
  });
}

module.exports = { build };
