'use strict';

// Values that user code threw, kept under a number while an error in Rust names them. Every caller gets the same object as
// `cause`, and the values themselves never leave JavaScript.

// Not the global: a test environment may fake it, or have none.
const { setImmediate } = require('node:timers');
const { Table } = require('./table.js');

/** @type {import('./table.js').Table<unknown>} */
const kept = new Table();

/** @param {unknown} value @returns {number} */
function keep(value) {
  return kept.add(value);
}

/** @param {number} number  0: nothing is kept */
function recall(number) {
  return kept.get(number);
}

/**
 * Later, because the last error that names the value is on its way: its callers read it in microtasks of this turn.
 * @param {number} number
 */
function forget(number) {
  setImmediate(() => kept.delete(number));
}

module.exports = { forget, keep, recall };
