'use strict';

// What user code threw, kept under a number while Rust has errors that name it: every caller gets the same object as
// `cause`, and the values themselves never leave JavaScript.

// Not the global: a test environment may fake it, or have none.
const { setImmediate } = require('node:timers');

const kept = new Map();
let last = 0;

function keep(value) {
  last = (last % 0xffffffff) + 1;
  kept.set(last, value);
  return last;
}

function recall(number) {
  return number === 0 ? undefined : kept.get(number);
}

/** The last error that names it is on its way to its callers: they read it in microtasks of this very turn. */
function forget(number) {
  setImmediate(() => kept.delete(number));
}

module.exports = { forget, keep, recall };
