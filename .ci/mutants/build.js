'use strict';

// One build of the engine's tests with all mutants in it, in a copy of the workspace.

const { execFileSync, spawn } = require('node:child_process');
const { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');
const FOLDER = path.join(ROOT, 'target', 'mutants');
const COPY = path.join(FOLDER, 'copy');
const ENGINE = 'src/engine/lib.rs';
/** The modules that neither the protocol nor a store knows: without them the build takes half the time. */
const LEFT_OUT = /^(?:#\[.*\]\n)*pub mod (?:client|event|exit|fuzzing|http|present|session|wait);\n/gm;

const MODULE = '\nmod mutant;\npub(crate) use mutant::mutant;\n';

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
    for (const { id } of kept)
      if (!Object.values(texts).some((text) => text.includes(`/*[${id}*/`)))
        refused.set(id, 'it has no place for a branch');
    const { binary, errors } = await compile();
    if (binary) return { binary, refused };
    const before = refused.size;
    for (const { spans, message } of errors) {
      for (const id of mutantsOf(spans, texts)) refused.set(id, message);
    }
    console.log(`${refused.size} mutants do not compile so far`);
    for (const mutant of mutants.filter(({ id }) => refused.has(id)))
      known[keyOf(mutant)] = refused.get(mutant.id);
    writeFileSync(REFUSED, JSON.stringify(known, null, 1));
    if (refused.size === before) throw new Error(errors.map(({ rendered }) => rendered).join('\n'));
  }
}

/**
 * Unchanged files are not written, so that cargo builds little the next time. jest would take a second package.json for the
 * package.
 */
function copy() {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
  });
  const isWanted = (file) =>
    file !== '' && !file.endsWith('package.json') && existsSync(path.join(ROOT, file));
  const originals = new Map();
  for (const file of listed.toString().split('\0').filter(isWanted)) {
    mkdirSync(path.dirname(path.join(COPY, file)), { recursive: true });
    if (!file.startsWith('src/engine/'))
      cpSync(path.join(ROOT, file), path.join(COPY, file), { preserveTimestamps: true });
    else originals.set(file, readFileSync(path.join(ROOT, file), 'utf8'));
  }
  originals.set(ENGINE, originals.get(ENGINE).replace(LEFT_OUT, '') + MODULE);
  for (const [file, text] of originals)
    if (!existsSync(path.join(COPY, file)) || !isMutated(file)) put(file, text);
  put('src/engine/mutant.rs', readFileSync(path.join(__dirname, 'mutant.rs'), 'utf8'));
  return originals;
}

const isMutated = (file) => readFileSync(path.join(COPY, file), 'utf8').includes('/*[');

function put(file, text) {
  const to = path.join(COPY, file);
  if (!existsSync(to) || readFileSync(to, 'utf8') !== text) writeFileSync(to, text);
}

function withSwitches(mutants) {
  const command = ['run', '--quiet', '--package', 'token-rotator-mutants', '--', ROOT];
  return JSON.parse(
    execFileSync('cargo', command, { cwd: ROOT, input: JSON.stringify(mutants), maxBuffer: 1 << 28 }),
  );
}

function compile() {
  const of = ['--lib', '--package', 'token-rotator-engine'];
  const quick = ['--config', 'profile.dev.package.token-rotator-engine.debug=0'];
  const command = ['cargo', 'test', '--no-run', '--message-format=json', ...of, ...quick];
  const env = { ...process.env, CARGO_TARGET_DIR: path.join(ROOT, 'target') };
  const child = spawn('nice', command, { cwd: COPY, env, stdio: ['ignore', 'pipe', 'ignore'] });
  return new Promise((resolve) => {
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
    child.on('close', () => {
      const messages = out
        .split('\n')
        .filter(Boolean)
        .map((text) => JSON.parse(text));
      const binary = messages.find(
        ({ executable, target }) => executable && target.name === 'token_rotator_engine',
      )?.executable;
      const errors = messages
        .map(({ message }) => message)
        .filter((message) => message?.level === 'error' && message.spans.length);
      resolve({ binary, errors });
    });
  });
}

/** The mutants around the places that an error names, the innermost ones; else those inside. */
function mutantsOf(spans, texts) {
  const ranges = spans.flatMap(({ file_name, byte_start, byte_end, is_primary, expansion }) => [
    { file: file_name, start: byte_start, end: byte_end, is_primary, expansion },
  ]);
  const found = (isHit) =>
    ranges
      .sort((one, other) => other.is_primary - one.is_primary)
      .flatMap(({ file, start, end }) => {
        const marked = marks(texts, file).filter((mark) => isHit(mark, start, end));
        return marked.sort((one, other) => one.end - one.start - (other.end - other.start)).slice(0, 1);
      });
  const around = found((mark, start, end) => mark.start <= start && end <= mark.end);
  const chosen =
    around.length > 0
      ? around.slice(0, 1)
      : found((mark, start, end) => start <= mark.start && mark.end <= end);
  return chosen.map(({ id }) => id);
}

/** Where each mutant stands, in bytes as the compiler counts. A mutant inside of two others stands in several places. */
function marks(texts, file) {
  const text = texts[file] ?? texts[path.join('src/engine', file)];
  if (!text) return [];
  const open = [];
  const found = [];
  const bytes = Buffer.from(text).toString('latin1');
  for (const { 0: mark, 1: begun, 2: ended, index } of bytes.matchAll(/\/\*\[(\d+)\*\/|\/\*(\d+)\]\*\//g)) {
    if (begun) open.push({ id: Number(begun), start: index });
    else if (ended) found.push({ ...open.pop(), end: index + mark.length });
  }
  return found;
}

module.exports = { FOLDER, ROOT, build };
