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

/** Reads Headers, pairs or a plain object. Returns '' for none. */
function readHeaders(init, name = 'headers') {
  if (typeof init !== 'object' || init === null) throw notHeaders(name);
  let lines = '';
  if (typeof init[Symbol.iterator] !== 'function') {
    for (const key of Object.keys(init)) lines = append(lines, key, init[key], name);
    return lines;
  }
  for (const pair of init) {
    if (!Array.isArray(pair) || pair.length !== 2) throw notHeaders(name);
    lines = append(lines, pair[0], pair[1], name);
  }
  return lines;
}

/** A value of `undefined` means no header, as in `{ 'if-match': etag }` without an etag. */
function append(lines, header, value, name) {
  if (value === undefined) return lines;
  return addHeader(lines, readHeaderName(header, name), readHeaderValue(value, header, name));
}

/** Returns it in lower case. The error does not show a bad name, which may be a value in the wrong place. */
function readHeaderName(value, name = 'headers') {
  if (typeof value !== 'string' || !TOKEN.test(value)) {
    throw rejectOption(`${name} has a header name that is not a valid HTTP token`);
  }
  const lower = value.toLowerCase();
  if (FRAMING.has(lower)) throw rejectOption(`${name} must not set ${lower}: the connection does`);
  return lower;
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
