'use strict';

// The codes are written down three times: where Rust gives them, in lib/errors.js, and in index.d.ts for the user.

const { readFileSync } = require('node:fs');
const path = require('node:path');
const { ERROR_CODES } = require('../lib/errors.js');

const read = (file) => readFileSync(path.join(__dirname, '..', file), 'utf8');
const codesIn = (text) => [...new Set(text.match(/\bERR_[A-Z_]+/g))].sort();

/** Rust's word for a request whose signal was aborted; lib/client.js throws the signal's own reason instead. */
const NEVER_SEEN = 'ERR_ABORTED';

/** Given by lib/ alone. */
const NOT_OF_RUST = [
  ...['ERR_ADDON_FAILED', 'ERR_ADDON_MISSING', 'ERR_ADDON_UNSUPPORTED', 'ERR_ADDON_VERSION'],
  ...['ERR_HTTP_STATUS', 'ERR_REENTRANT_CALL'],
];

function codesOfRust() {
  const [, body] = read('src/engine/error.rs').match(/pub fn code\(&self\)[^{]*\{(.*?)\n {4}\}/s);
  return codesIn(body);
}

function union() {
  const [, body] = read('index.d.ts').match(/export type ErrorCode =(.*?);/s);
  return codesIn(body.replaceAll(/\/\*.*?\*\/|\/\/.*/gs, ''));
}

test('lib/errors.js lists what Rust gives, and what lib/ adds', () => {
  const rust = codesOfRust();
  expect(rust).toContain(NEVER_SEEN);
  const seen = rust.filter((code) => code !== NEVER_SEEN);
  expect([...ERROR_CODES].sort()).toEqual([...seen, ...NOT_OF_RUST].sort());
});

test('the union of index.d.ts is that list', () => {
  expect(union()).toEqual([...ERROR_CODES].sort());
});

test('every code that a class of index.d.ts names is in the union', () => {
  expect(union()).toEqual(
    expect.arrayContaining(codesIn(read('index.d.ts')).filter((code) => code !== 'ERR_')),
  );
});
