'use strict';

// Results as text: in columns, and what was wrong with them below.

/** Of each result. The JSON has all. */
const WRONG_SHOWN = 3;

/** The lines of a table. `left`: columns of words. */
function aligned(head, rows, left = [0]) {
  const lines = [head, ...rows].map((line) => line.map(String));
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const pad = (cell, column) =>
    left.includes(column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  const text = lines.map((line) => line.map(pad).join('  ').trimEnd());
  text.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  return text;
}

/** A line for each of the first reasons in `wrong` of each result. */
function wrongs(results) {
  return results.flatMap(({ name, wrong }) => shown(wrong).map((what) => `${name}: ${what}`));
}

function shown(wrong) {
  const more = wrong.length - WRONG_SHOWN;
  return more > 0 ? [...wrong.slice(0, WRONG_SHOWN), `and ${more} more`] : wrong;
}

module.exports = { aligned, wrongs };
