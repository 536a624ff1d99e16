'use strict';

// `npm run mutants`: which mistakes in the protocol and the stores no test notices. cargo-mutants chooses the mutants. One build
// has them all, as branches on `MUTANT=n`, and each one meets the tests that come by its place. A run that was stopped goes on
// where it was, and tries those again that were missed; `--again` begins anew. CONTRIBUTING.md says more.

const { execFileSync, spawnSync } = require('node:child_process');
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const { FOLDER, ROOT, build } = require('./mutants/build.js');
const { EQUIVALENT } = require('./mutants/equivalent.js');
const { reachingTests, verdict } = require('./mutants/judge.js');

const REPORT = path.join(FOLDER, 'report.json');
const FILES = ['src/engine/fleet/**', 'src/engine/store/**'];
const NO_PRODUCT = [
  '**/tests.rs',
  '**/tests/**',
  '**/simulation/**',
  '**/fuzzing.rs',
  '**/testing.rs',
  '**/conformance.rs',
];
const VERDICTS = ['caught', 'timeout', 'missed', 'equivalent', 'not built'];

async function main() {
  if (spawnSync('cargo', ['mutants', '--version']).status !== 0)
    throw new Error('cargo-mutants is missing; run `cargo install cargo-mutants --locked`');
  mkdirSync(FOLDER, { recursive: true });
  const mutants = list();
  const before = process.argv.includes('--again') ? [] : lastReport();
  const isKept = (mutant, old) => old.text === mutant.text && old.verdict !== 'missed';
  const results = new Map(
    mutants.map((mutant) => [mutant, before.find((old) => old.name === mutant.name && isKept(mutant, old))]),
  );
  const { binary, refused } = await build(mutants);
  const reaching = await reachingTests(binary);
  const left = mutants.filter((mutant) => refused.has(mutant.id) || !results.get(mutant));
  console.log(`${mutants.length} mutants, ${left.length} to try`);

  let done = 0;
  const work = async () => {
    for (let mutant = left.shift(); mutant; mutant = left.shift()) {
      const result = await judged(mutant, refused.get(mutant.id), () =>
        verdict(binary, mutant.id, reaching.get(mutant.id) ?? []),
      );
      results.set(mutant, result);
      done += 1;
      if (result.verdict === 'missed' || done % 25 === 0)
        console.log(`${done}, ${left.length} left: ${line(result)}`);
      writeFileSync(REPORT, JSON.stringify([...results.values()].filter(Boolean), null, 1));
    }
  };
  await Promise.all(Array.from({ length: Number(process.env.JOBS ?? 2) }, work));
  print([...results.values()]);
}

/** The text of the line tells a later run that the mutant is still the same one. */
function list() {
  const files = FILES.flatMap((glob) => ['--file', glob]).concat(
    NO_PRODUCT.flatMap((glob) => ['--exclude', glob]),
  );
  const out = execFileSync(
    'cargo',
    ['mutants', '--list', '--json', '--package', 'token-rotator-engine', ...files],
    {
      cwd: ROOT,
      maxBuffer: 1 << 28,
    },
  );
  const lines = new Map();
  return JSON.parse(out.toString()).map((mutant, index) => {
    if (!lines.has(mutant.file))
      lines.set(mutant.file, readFileSync(path.join(ROOT, mutant.file), 'utf8').split('\n'));
    const text = lines.get(mutant.file)[mutant.span.start.line - 1].trim();
    return { ...mutant, id: index + 1, text, what: mutant.name.replace(/^\S+: /, '') };
  });
}

function lastReport() {
  try {
    return JSON.parse(readFileSync(REPORT, 'utf8'));
  } catch {
    return [];
  }
}

async function judged({ name, file, text, what, span }, refusal, run) {
  const { column } = span.start;
  const known = EQUIVALENT.find(
    (entry) =>
      file.endsWith(entry.file) &&
      (entry.what ?? what) === what &&
      (entry.text ?? text) === text &&
      (entry.column ?? column) === column,
  );
  if (refusal) return { name, file, text, verdict: 'not built', by: refusal };
  if (known) return { name, file, text, verdict: 'equivalent', by: known.why };
  return { name, file, text, ...(await run()) };
}

const line = ({ verdict: word, name, text, by }) => `${word}: ${name}\n    ${text}${by ? `\n    ${by}` : ''}`;

function print(results) {
  const of = (word, some = results) => some.filter((result) => result.verdict === word);
  for (const word of ['not built', 'equivalent', 'missed']) console.log(`\n${of(word).map(line).join('\n')}`);
  const row = (name, cells) =>
    console.log(name.padEnd(44) + cells.map((cell) => String(cell).padStart(11)).join(''));
  row('', VERDICTS);
  for (const file of new Set(results.map((result) => result.file))) {
    const some = results.filter((result) => result.file === file);
    row(
      file.replace('src/engine/', ''),
      VERDICTS.map((word) => of(word, some).length),
    );
  }
  row(
    'all',
    VERDICTS.map((word) => of(word).length),
  );
  const tried = results.length - of('not built').length - of('equivalent').length;
  const share = ((100 * of('missed').length) / tried).toFixed(1);
  console.log(`${share} % of ${tried} are missed`);
}

main();
