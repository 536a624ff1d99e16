'use strict';

// Values that user code threw, kept under a number while an error in Rust names them. Every caller gets the same object as
// `cause`, and the values themselves never leave JavaScript.

// Not the global: a test environment may fake it, or have none.
const { setImmediate } = require('node:timers');
const { Table } = require('./table.js');

const kept = new Table();

function keep(value) {
  return kept.add(value);
}

/** Undefined if nothing is kept under the number, as under 0. */
function recall(number) {
  return kept.get(number);
}

/** Later, because the last error that names the value is on its way: its callers read it in microtasks of this turn. */
function forget(number) {
  setImmediate(() => kept.delete(number));
}

module.exports = { forget, keep, recall };
