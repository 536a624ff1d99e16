'use strict';

// docs/errors.md speaks of every code, and of no other.

const { readFileSync } = require('node:fs');
const path = require('node:path');
const { ERROR_CODES } = require('../../lib/errors.js');

const read = (file) => readFileSync(path.join(__dirname, '../..', file), 'utf8');
const page = read('docs/errors.md');

test('each code has a heading and a row', () => {
  const headings = [...page.matchAll(/^### `(ERR_[A-Z_]+)`$/gm)].map(([, code]) => code);
  const rows = [...page.matchAll(/^\| `(ERR_[A-Z_]+)` +\|/gm)].map(([, code]) => code);
  expect(headings.sort()).toEqual([...ERROR_CODES].sort());
  expect(rows.filter((code) => ERROR_CODES.includes(code)).sort()).toEqual([...ERROR_CODES].sort());
});

test('each code that fault.rs gives is explained', () => {
  const codes = [...read('src/engine/fault.rs').matchAll(/"(E[A-Z]{3,}|[A-Z]+(?:_[A-Z]+)+)"/g)];
  expect(codes.length).toBeGreaterThan(20);
  for (const [, code] of codes) expect(page).toContain(`\`${code}\``);
});
