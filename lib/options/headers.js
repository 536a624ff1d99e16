'use strict';

// Request headers cross to Rust as one string, 'name\nvalue\nname\nvalue'. What makes that safe is the check here:
// no name or value can hold a line break.

const { invalidOption, rejectOption } = require('../errors.js');

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110 §5.5: tab, visible ASCII, space and obs-text, each char being one byte on the wire. */
const NOT_A_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
/** Framing belongs to the connection: a caller who sets it can split or smuggle requests. */
const FRAMING = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Headers, pairs or a plain object, as flat lines; '' for none. */
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

/** `undefined` is an absent header, as in `{ 'if-match': etag }` without an etag. */
function append(lines, header, value, name) {
  if (value === undefined) return lines;
  return addHeader(lines, readHeaderName(header, name), readHeaderValue(value, header, name));
}

/** Lower-cased. A bad name is not repeated: a swapped name and value would show the value. */
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
  if (typeof value !== 'string') throw invalidOption(`${name}: ${header}`, 'a string');
  if (NOT_A_VALUE.test(value)) {
    throw invalidOption(
      `${name}: ${header}`,
      'free of line breaks, control characters and non-Latin-1 characters',
    );
  }
  return trimBlanks(value);
}

/** `header` and `value` are known to be good. */
function addHeader(lines, header, value) {
  return lines === '' ? `${header}\n${value}` : `${lines}\n${header}\n${value}`;
}

function hasHeader(lines, header) {
  return lines.startsWith(`${header}\n`) || oddLineIs(lines, header);
}

// Values sit on odd lines, and one of them may read like a header's name.
function oddLineIs(lines, header) {
  return (
    lines.includes(`\n${header}\n`) && lines.split('\n').some((line, i) => i % 2 === 0 && line === header)
  );
}

/** RFC 9110 §5.5: blanks around a value are not part of it. `trim` would take U+00A0 too, which is. */
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

module.exports = { FRAMING, TOKEN, addHeader, hasHeader, readHeaderName, readHeaders };
