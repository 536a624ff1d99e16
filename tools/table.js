'use strict';

// Results as text in columns.

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

module.exports = { aligned };
