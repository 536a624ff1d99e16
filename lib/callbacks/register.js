'use strict';

// Reads what the functions of a register (the option `store`) gave. No message holds a value, because a record holds tokens.

const { kindOf } = require('../tokens/shape.js');

/** The form in which `src/binding/register.rs` gives versions. */
const VERSION = /^[0-9a-f]{32}$/;

/** @returns {{ record: string, version: string } | null | string}  what is stored, or a text that says what is wrong */
function readDocument(found) {
  // `rows[0]` is undefined where no row was found.
  if (found === null || found === undefined) return null;
  if (typeof found !== 'object' || Array.isArray(found)) {
    return `store.read must resolve to { record, version } or null, and gave ${kindOf(found)}`;
  }
  const { record, version } = found;
  for (const [name, value] of Object.entries({ record, version })) {
    if (typeof value === 'string') continue;
    const kind = Buffer.isBuffer(value) ? 'a Buffer' : kindOf(value);
    return `${name} of what store.read gave must be the text that was stored, and is ${kind}`;
  }
  if (VERSION.test(version)) return { record, version };
  return 'version of what store.read gave must be the text that was stored, and is another text';
}

/** @returns {boolean | string}  a text says what is wrong */
function readVerdict(done) {
  if (typeof done === 'boolean') return done;
  return `store.compareAndSet must resolve to true or false, and gave ${kindOf(done)}`;
}

module.exports = { readDocument, readVerdict };
