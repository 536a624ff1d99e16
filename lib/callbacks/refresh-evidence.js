'use strict';

// Looks for evidence in a thrown value of any shape: an error of axios, got, undici, ky, openid-client or simple-oauth2, an
// answer, a string. Each property may be a getter that throws, so only `read` touches one.

const { isNativeError, isUint8Array } = require('node:util/types');
const { now } = require('../clock.js');
const { listed } = require('./oauth-errors.js');

/** A longer chain of causes is a cycle or an attack. */
const MAX_DEPTH = 5;
const MAX_ERRORS = 32;
const MAX_JSON_LENGTH = 65_536;
/** The longest wait that a server may ask for. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** The places in which clients put an answer's body, and its status. */
const BODIES = [
  'body',
  'data',
  'data.payload',
  'parsedBody',
  'response.data',
  'response.body',
  'response.text',
];
const STATUSES = [
  ...['status', 'statusCode', 'httpCode', 'response.status', 'response.statusCode', 'output.statusCode'],
];
/** The fields of a body, and of an error, that hold an OAuth error. */
const CODES = [
  ...['error', 'error.error', 'error.code', 'code', 'errorCode', 'errors.0.code', 'oauth2Code', 'oauthError'],
];
/** An answer that is a form, as GitHub's without an `accept` header. */
const IN_FORM = /(?:^|&)error=([a-z_]{1,64})(?:&|$)/;

/** Of the value and its causes; where two of them answer, the outer one wins. `body`: of an unread answer. */
function evidence(error, body) {
  const nodes = chain(error);
  const header = (name) => first(nodes, (node) => headerIn(node, name));
  return {
    oauthError: inText(body) ?? first(nodes, oauthErrorOf),
    status: first(nodes, statusOf),
    retryAfter: toMilliseconds(header('retry-after')) ?? null,
    challenge: textOnly(header('www-authenticate')),
    faults: nodes.map(faultOf),
  };
}

/** True if `refresh` returned an error that it should have thrown: an OAuth error, an answer of status 4xx, an Error. */
function isReturnedError(value) {
  const { oauthError, status } = evidence(value);
  const saysError = textOnly(read(value, 'error')) !== '';
  return oauthError !== undefined || saysError || status >= 400 || isNativeError(value);
}

/**
 * The unread answer, if there is one: a fetch Response that was thrown, or that is in ky's HTTPError; or the HttpResponse of
 * this package's HttpError.
 */
function unreadAnswer(error) {
  const answers = chain(error).flatMap((node) => [node, read(node, 'response')]);
  const isUnread = (found) => read(found, 'bodyUsed') === false || read(found, 'replays') !== undefined;
  return answers.find((found) => isUnread(found) && statusOf(found) < 500);
}

/** Its body, or undefined. Reads a clone of a Response, so that the program can still read that. */
async function bodyOf(answer) {
  try {
    // An HttpResponse can be read again.
    if (typeof answer.clone !== 'function') return textOnly(await answer.text());
    const reader = answer.clone().body.getReader();
    const decoder = new TextDecoder();
    let text = '';
    while (text.length <= MAX_JSON_LENGTH) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += decoder.decode(value, { stream: true });
    }
    reader.cancel().catch(() => {});
  } catch {
    // No Response after all, or the connection broke: the status has to do.
  }
  return undefined;
}

/** The value, its causes and the members of its AggregateErrors, breadth first. */
function chain(error) {
  const seen = new Set([error]);
  let level = [error];
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    level = level.flatMap((node) => [read(node, 'cause'), ...list(read(node, 'errors'))]);
    level = level.filter(
      (node) => isObject(node) && !seen.has(node) && seen.size < MAX_ERRORS && seen.add(node),
    );
  }
  return [...seen];
}

function oauthErrorOf(node) {
  const bodies = BODIES.map((path) => textOf(at(node, path)));
  return first([node, ...bodies], (holder) => {
    return typeof holder === 'string'
      ? inText(holder)
      : (oauthField(holder) ?? inText(read(holder, 'message')));
  });
}

function oauthField(holder) {
  return first(CODES, (path) => listed(at(holder, path)));
}

/** Of bytes their text; any other value as it is. */
function textOf(body) {
  const isText = isUint8Array(body) && body.length <= MAX_JSON_LENGTH;
  return isText ? new TextDecoder().decode(body) : body;
}

/** A text may be a code, or an answer's JSON or form, as in `new Error(await response.text())`. */
function inText(text) {
  return listed(text) ?? oauthField(parsed(text)) ?? listed(IN_FORM.exec(textOnly(text))?.[1]);
}

function statusOf(node) {
  const statuses = STATUSES.map((path) => toNumber(at(node, path)));
  return statuses.find((status) => Number.isInteger(status) && status >= 100 && status <= 599);
}

function faultOf(node) {
  return {
    code: read(node, 'code'),
    name: read(node, 'name'),
    message: typeof node === 'string' ? node : read(node, 'message'),
    syscall: read(node, 'syscall'),
  };
}

function headerIn(node, name) {
  return first([read(node, 'headers'), at(node, 'response.headers')], (headers) => headerOf(headers, name));
}

function headerOf(headers, name) {
  if (!isObject(headers)) return undefined;
  try {
    // `get` of Headers and AxiosHeaders ignores case; in a plain object it has to be searched for.
    const got = typeof headers.get === 'function' ? headers.get(name) : undefined;
    const value = got ?? Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
    return Array.isArray(value) ? value[0] : value;
  } catch {
    return undefined;
  }
}

function textOnly(value) {
  return typeof value === 'string' ? value : '';
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function toMilliseconds(value) {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return undefined;
  const isSeconds = /^\d+(\.\d+)?$/.test(text.trim());
  // Date.parse reads '-5' as a month; a date of RFC 9110 names its month.
  if (!isSeconds && !/[a-z]{3}/i.test(text)) return undefined;
  const ms = isSeconds ? Number(text) * 1000 : Date.parse(text) - now();
  return Number.isNaN(ms) ? undefined : Math.round(Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS));
}

function toNumber(value) {
  return typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value;
}

function parsed(text) {
  if (typeof text !== 'string' || text.length > MAX_JSON_LENGTH || !/^\s*\{/.test(text)) return undefined;
  try {
    // A byte order mark is white space, but none of JSON's.
    return JSON.parse(text.trim());
  } catch {
    return undefined;
  }
}

function first(items, find) {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** By index, because an array's iterator may be replaced by one that throws. */
function list(value) {
  const length = read(value, 'length');
  if (!Number.isInteger(length) || length < 0) return [];
  return Array.from({ length: Math.min(length, MAX_ERRORS) }, (_, i) => read(value, i));
}

function isObject(value) {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function at(value, path) {
  return path.split('.').reduce((holder, key) => read(holder, key), value);
}

function read(value, key) {
  if (!isObject(value)) return undefined;
  try {
    const found = value[key];
    // A property of a polluted Object.prototype says nothing about this object.
    return found === Object.prototype[key] && !Object.hasOwn(value, key) ? undefined : found;
  } catch {
    return undefined;
  }
}

module.exports = { bodyOf, evidence, isReturnedError, read, unreadAnswer };
