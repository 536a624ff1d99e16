'use strict';

// The tables of docs/callbacks.md, so that what is written there is what is tested.

const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const DOCS = join(__dirname, '../../docs/callbacks.md');

/** [misbehaviour, outcome] for each row of the one table that has this column. */
function column(name) {
  const tables = readFileSync(DOCS, 'utf8')
    .match(/(?:^\|.*\|\n)+/gm)
    .map(rows);
  const [head, , ...body] = tables.find(([head]) => head.includes(name));
  return body.map((cells) => [cells[0], cells[head.indexOf(name)]]);
}

function rows(table) {
  return table
    .trimEnd()
    .split('\n')
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

module.exports = { column };
