'use strict';

// Checks of options, for every place that takes some. No message holds the value of an option, which may be a secret.

const { invalidOption, rejectOption } = require('../errors.js');

/** The longest delay that Node's timers take. */
const MAX_MS = 2 ** 31 - 1;

/** A property of the object or of its class, never one that a polluted Object.prototype adds. */
function own(object, key) {
  const value = object?.[key];
  return value !== Object.prototype[key] || (value !== undefined && Object.hasOwn(object, key))
    ? value
    : undefined;
}

/** True for what `source.js` reads: a value that is found at another place, or by a function. */
function isSource(value) {
  if (typeof value === 'function') return true;
  return !ArrayBuffer.isView(value) && (own(value, 'file') !== undefined || own(value, 'env') !== undefined);
}

/** Copies own properties only, so that a polluted Object.prototype cannot add an option. */
function ownCopy(value, name) {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidOption(name, 'an object');
  const copy = Object.create(null);
  for (const key of Object.keys(value)) copy[key] = value[key];
  return copy;
}

/** Like `ownCopy`, without fields that are undefined: for objects whose other fields say which fields they may have. */
function givenCopy(value, name) {
  const copy = ownCopy(value, name);
  for (const key of Object.keys(copy)) if (copy[key] === undefined) delete copy[key];
  return copy;
}

/**
 * Refuses options that `known` does not list.
 * @param {object} options @param {string[]} known @param {{ prefix?: string }} [more]
 */
function knownOnly(options, known, { prefix = '' } = {}) {
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw unknownOption(key, known, prefix);
  }
}

/** The fields of an option that may be absent. `prefix` stands before their names in errors. */
function readGroup(value, name, known, prefix = `${name}.`) {
  // Without a prototype, so that a polluted Object.prototype adds nothing.
  if (value === undefined) return Object.create(null);
  const own = ownCopy(value, name);
  knownOnly(own, known, { prefix });
  return own;
}

function unknownOption(key, known, prefix = '') {
  const near = known.find((name) => isNear(key.toLowerCase(), name.toLowerCase()));
  const hint = near ? `; did you mean ${prefix}${near}?` : '';
  return rejectOption(`unknown option ${prefix}${shownName(key, '(its name is no word)')}${hint}`);
}

/** Words, as names of options, queries and headers are made of. */
const WORDS =
  /^_{0,2}[a-z]{1,16}(?:[A-Z_-][A-Za-z]{0,15}){0,4}$|^[A-Z][a-z]{0,15}(?:-[A-Z][a-z]{0,15}){0,4}$/;

/** A name for an error's message. A name that is no word is not shown, because it may be a token in the wrong place. */
function shownName(name, otherwise) {
  return WORDS.test(name) ? name : otherwise;
}

/** At most two single-letter edits apart, and fewer than half of the letters. */
function isNear(a, b) {
  if (Math.abs(a.length - b.length) > 2 || a.length > 64) return false;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length] <= Math.min(2, (b.length - 1) >> 1);
}

/** Whole milliseconds, a fraction rounded up. */
function duration(value, name, fallback, { min = 1, max = MAX_MS } = {}) {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw invalidOption(name, `a number of milliseconds ≥ ${min} and ≤ ${max}`);
  }
  return Math.ceil(value) + 0; // -0 + 0 is 0
}

function integer(value, name, fallback, { min = 0, max = MAX_MS, unit = '' } = {}) {
  if (value === undefined) return fallback;
  if (!Number.isInteger(value) || value < min || value > max) {
    throw invalidOption(name, `a whole number${unit} ≥ ${min} and ≤ ${max}`);
  }
  return value;
}

function boolean(value, name, fallback) {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') throw invalidOption(name, 'true or false');
  return value;
}

function text(value, name, fallback, max = 512) {
  if (value === undefined) return fallback;
  if (typeof value !== 'string' || value.length === 0 || value.length > max) {
    throw invalidOption(name, `a string of 1 to ${max} characters`);
  }
  return value;
}

function oneOf(value, name, fallback, choices) {
  if (value === undefined) return fallback;
  if (!choices.includes(value)) throw invalidOption(name, `one of ${choices.join(', ')}`);
  return value;
}

function optionalFunction(value, name) {
  if (value !== undefined && typeof value !== 'function') throw invalidOption(name, 'a function');
  return value;
}

/** The same bytes, not copied. @param {ArrayBufferView} view */
function bufferOf(view) {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}

/** A URL object. Query and fragment are refused, because they would be lost. */
function httpUrl(value, name) {
  // A URL of another realm is no instance of this realm's class, but its tag is the same.
  const isUrl = Object.prototype.toString.call(value) === '[object URL]';
  const url = typeof value === 'string' || isUrl ? parseUrl(String(value)) : null;
  const ok =
    url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash;
  if (!ok) throw invalidOption(name, 'an absolute http(s) URL without credentials, query or fragment');
  return url;
}

/**
 * Null for a text that is no URL; the parser's own error holds the text. `URL.canParse` is not asked: once V8 has compiled its
 * caller, Node 20 refuses `https://münchen.example`, because it reads the Latin-1 of that as UTF-8.
 * @param {string} text @param {string} [base]
 */
function parseUrl(text, base) {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}

module.exports = {
  MAX_MS,
  boolean,
  bufferOf,
  duration,
  givenCopy,
  httpUrl,
  integer,
  isSource,
  knownOnly,
  oneOf,
  optionalFunction,
  own,
  ownCopy,
  parseUrl,
  readGroup,
  shownName,
  text,
  unknownOption,
};
