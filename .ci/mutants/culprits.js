'use strict';

// Which mutants an error of the compiler is about.

const path = require('node:path');

/**
 * The numbers of the innermost mutants around the places that an error names, else of those inside. `texts`: of the files with mutants.
 */
function culprits(spans, texts) {
  const ranges = spans
    .map(({ file_name, byte_start, byte_end, is_primary }) => ({
      ...{ file: file_name, start: byte_start, end: byte_end, isPrimary: is_primary },
    }))
    .sort((one, other) => other.isPrimary - one.isPrimary);
  const found = (isHit) =>
    ranges.flatMap((range) => {
      const hit = marks(texts, range.file).filter((mark) => isHit(mark, range));
      return hit.sort((one, other) => one.end - one.start - (other.end - other.start)).slice(0, 1);
    });
  const around = found((mark, range) => mark.start <= range.start && range.end <= mark.end).slice(0, 1);
  const chosen =
    around.length > 0 ? around : found((mark, range) => range.start <= mark.start && mark.end <= range.end);
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

module.exports = { culprits };
