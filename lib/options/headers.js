'use strict';

// Reads request headers into one string, 'name\nvalue\nname\nvalue', as which they cross to Rust. That is safe because of
// the checks here: no name or value can hold a line break.

const { shownName } = require('./check.js');
const { invalidOption, rejectOption } = require('../errors.js');

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** All but RFC 9110 §5.5: tab, visible ASCII, space and obs-text. Each character is one byte on the wire. */
const NOT_A_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
/** Headers that the connection sets. A caller who sets them could split or smuggle requests. */
const FRAMING = new Set([
  ...['connection', 'content-length', 'expect', 'keep-alive', 'proxy-connection', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade'],
]);
/** The framing of ordinary requests. A server may pass on the headers of one that it got. */
const ORDINARY = {
  __proto__: null,
  connection: /^(?:keep-alive|close)$/i,
  'content-length': /^\d+$/,
  'keep-alive': /^(?:timeout|max)=\d+(?:, *(?:timeout|max)=\d+)*$/i,
  'proxy-connection': /^(?:keep-alive|close)$/i,
  te: /^trailers$/i,
  'transfer-encoding': /^chunked$/i,
};

/**
 * Reads Headers, pairs or a plain object. Returns '' for none.
 * @param {any} init @param {string} [name] @param {Record<string, string>} [left]  gets ordinary framing, which is refused without it
 */
function readHeaders(init, name = 'headers', left = undefined) {
  if (typeof init !== 'object' || init === null) throw notHeaders(name);
  let lines = '';
  if (typeof init[Symbol.iterator] !== 'function') {
    for (const key of Object.keys(init)) lines = append(lines, key, init[key], name, left);
    return lines;
  }
  for (const pair of init) {
    if (!Array.isArray(pair) || pair.length !== 2) throw notHeaders(name);
    lines = append(lines, pair[0], pair[1], name, left);
  }
  return lines;
}

/** A value of `undefined` means no header, as in `{ 'if-match': etag }` without an etag. A list is several headers. */
function append(lines, header, value, name, left) {
  if (value === undefined) return lines;
  if (Array.isArray(value)) {
    return value.reduce((all, item) => append(all, header, readHeaderValue(item, header, name), name), lines);
  }
  const lower = readLowerName(header, name);
  if (FRAMING.has(lower)) {
    if (left === undefined || !ORDINARY[lower]?.test(value)) throw isFraming(lower, name);
    left[lower] = String(value);
    return lines;
  }
  return addHeader(lines, lower, readHeaderValue(value, header, name));
}

/** Returns it in lower case. */
function readHeaderName(value, name) {
  const lower = readLowerName(value, name);
  if (FRAMING.has(lower)) throw isFraming(lower, name);
  return lower;
}

/** The error does not show a bad name, which may be a value in the wrong place. */
function readLowerName(value, name) {
  if (typeof value !== 'string' || !TOKEN.test(value)) {
    throw rejectOption(`${name} has a header name that is not a valid HTTP token`);
  }
  return value.toLowerCase();
}

function isFraming(lower, name) {
  return rejectOption(`${name} must not set ${lower}: the connection does`);
}

function readHeaderValue(value, header, name) {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') throw invalidOption(`${name}: ${shownName(header, 'a value')}`, 'a string');
  if (NOT_A_VALUE.test(value)) {
    throw invalidOption(
      `${name}: ${shownName(header, 'a value')}`,
      'free of line breaks, control characters and non-Latin-1 characters',
    );
  }
  return trimBlanks(value);
}

/** For a name and a value that need no check. */
function addHeader(lines, header, value) {
  return lines === '' ? `${header}\n${value}` : `${lines}\n${header}\n${value}`;
}

/** The content type of a body, unless the headers have one. */
function addContentType(lines, contentType) {
  const isSet = contentType === undefined || hasHeader(lines, 'content-type');
  return isSet ? lines : addHeader(lines, 'content-type', contentType);
}

function hasHeader(lines, header) {
  if (lines.startsWith(`${header}\n`)) return true;
  // Only even lines are names; a value may read like a name too.
  return (
    lines.includes(`\n${header}\n`) && lines.split('\n').some((line, i) => i % 2 === 0 && line === header)
  );
}

/** RFC 9110 §5.5: blanks around a value do not belong to it. U+00A0 does, and `trim` would remove it. */
function trimBlanks(value) {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return end - start === value.length ? value : value.slice(start, end);
}

function isBlank(code) {
  return code === 0x20 || code === 0x09;
}

function notHeaders(name) {
  return invalidOption(name, 'Headers, pairs of name and value, or an object of strings');
}

module.exports = { FRAMING, TOKEN, addContentType, addHeader, hasHeader, readHeaderName, readHeaders };
