'use strict';

// What became of the mutants: `{ name, file, text, verdict, by }` of each, in a file from which a later run goes on.

const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const { aligned } = require('../../tools/table.js');
const { FOLDER } = require('./copy.js');
const { reasonOf } = require('./equivalent.js');

const REPORT = path.join(FOLDER, 'report.json');
/** Of an earlier run, these count. A mutant that was missed is tried again, because there may be a test now. */
const KEPT = ['caught', 'timeout'];
const VERDICTS = ['caught', 'timeout', 'missed', 'equivalent', 'not built'];

function readReport() {
  return existsSync(REPORT) ? JSON.parse(readFileSync(REPORT, 'utf8')) : [];
}

function saveReport(results) {
  writeFileSync(REPORT, JSON.stringify(results, null, 1));
}

/** The result of a mutant that need not be tried; undefined for any other. The text of its line tells that it is still the same one. */
function settled(mutant, refused, before) {
  const { id, name, file, text } = mutant;
  if (refused.has(id)) return { name, file, text, verdict: 'not built', by: refused.get(id) };
  const reason = reasonOf(mutant);
  if (reason !== undefined) return { name, file, text, verdict: 'equivalent', by: reason };
  return before.find((old) => old.name === name && old.text === text && KEPT.includes(old.verdict));
}

const line = ({ verdict, name, text, by }) => `${verdict}: ${name}\n    ${text}${by ? `\n    ${by}` : ''}`;

/** All that no test has caught, a table, and the share that matters. */
function summary(results) {
  const of = (verdict, some = results) => some.filter((result) => result.verdict === verdict);
  const told = ['not built', 'equivalent', 'missed'].flatMap((verdict) => ['', ...of(verdict).map(line)]);
  const row = (name, some) => [name, ...VERDICTS.map((verdict) => of(verdict, some).length)];
  const files = [...new Set(results.map(({ file }) => file))].map((file) =>
    row(
      file.replace('src/engine/', ''),
      results.filter((result) => result.file === file),
    ),
  );
  const tried = results.length - of('not built').length - of('equivalent').length;
  const share = ((100 * of('missed').length) / tried).toFixed(1);
  const table = aligned(['', ...VERDICTS], [...files, row('all', results)]);
  return [...told, '', ...table, `${share} % of ${tried} are missed`].join('\n');
}

module.exports = { line, readReport, saveReport, settled, summary };
