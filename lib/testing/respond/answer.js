'use strict';

// The answers that a test gives: JSON, text, bytes, or `{ status, headers, body }`.

const { validateHeaderName, validateHeaderValue } = require('node:http');
const { isUint8Array } = require('node:util/types');

const PARTS = ['status', 'headers', 'body'];
/** Of the message, and not of its content: the server writes them. */
const FRAMING = ['content-length', 'transfer-encoding', 'connection'];
/** RFC 9110: they end with their head. */
const BODILESS = [204, 205, 304];

const EMPTY = Buffer.alloc(0);

/** @typedef {{ status: number, headers: Record<string, string | string[]>, body: Buffer }} Answer */

const FORM = '{ status, headers, body }';
const AS_JSON = 'to send such an object as JSON, give { status: 200, body: theObject }';

/** @param {any} given @returns {Answer} @throws {TypeError} if it is no answer */
function readAnswer(given) {
  if (!hasParts(given)) return { status: 200, ...readBody(given) };
  const { status, headers, body } = given;
  if (!(Number.isInteger(status) && status >= 200 && status <= 599)) {
    throw new TypeError(`status must be from 200 to 599; ${AS_JSON}`);
  }
  const read = body === undefined ? { headers: {}, body: EMPTY } : readBody(body);
  if (BODILESS.includes(status) && read.body.length > 0) {
    throw new TypeError(`an answer with status ${status} has no body`);
  }
  return {
    status,
    headers: { ...read.headers, ...challenge(status), ...readHeaders(headers) },
    body: read.body,
  };
}

/** True for an object with parts. One that might be either is refused, because each reading would surprise someone. */
function hasParts(given) {
  if (typeof given !== 'object' || given === null) return false;
  const keys = Object.keys(given);
  const parts = keys.filter((key) => PARTS.includes(key));
  const other = keys.find((key) => !PARTS.includes(key));
  if (parts.length === 0) return false;
  if (keys.includes('status')) {
    const isStatus = typeof given.status === 'number';
    if (!isStatus || other === undefined || parts.length === 1) return isStatus && other === undefined;
    throw new TypeError(`an answer has status, headers and body, and no ${other}; ${AS_JSON}`);
  }
  if (other !== undefined) return false;
  throw new TypeError(`an answer with ${parts.join(' and ')} needs a status too; ${AS_JSON}`);
}

/** @returns {{ headers: Record<string, string>, body: Buffer }} */
function readBody(given) {
  if (typeof given === 'string') return typed('text/plain; charset=utf-8', Buffer.from(given));
  if (isUint8Array(given)) return typed('application/octet-stream', Buffer.from(given));
  return typed('application/json', Buffer.from(toJson(given)));
}

const typed = (type, body) => ({ headers: { 'content-type': type }, body });

function toJson(given) {
  // Their JSON would be `{}`: Promise, Response, Map, Blob, ReadableStream and others.
  const tag = given?.[Symbol.toStringTag];
  const kind = typeof given?.pipe === 'function' ? 'stream' : tag === 'Module' ? undefined : tag;
  if (kind !== undefined) throw new TypeError(`a ${kind} is no answer; give JSON, text, bytes, or ${FORM}`);
  let text;
  try {
    text = JSON.stringify(given);
  } catch (error) {
    throw new TypeError(`the answer has no JSON: ${error.message}`, { cause: error });
  }
  if (text === undefined) throw new TypeError(`there is no answer; without a body it is { status: 204 }`);
  return text;
}

/** In lower case, so that a type which is given replaces ours. */
function readHeaders(given = {}) {
  if (typeof given !== 'object' || given === null || given[Symbol.toStringTag] !== undefined) {
    throw new TypeError('headers must be an object of names and values');
  }
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      validateHeaderName(name);
      const values = [value].flat().map(String);
      if (value === undefined || value === null) throw new TypeError(`header ${name} must have a value`);
      for (const one of values) validateHeaderValue(name, one);
      if (FRAMING.includes(name.toLowerCase())) throw new TypeError(`the server writes ${name} itself`);
      return [name.toLowerCase(), Array.isArray(value) ? values : values[0]];
    }),
  );
}

/** RFC 9110 §15.5.2: a 401 has a challenge. @returns {Record<string, string>} */
function challenge(status) {
  return status === 401 ? { 'www-authenticate': 'Bearer error="invalid_token"' } : {};
}

/** @param {import('node:http').ServerResponse} response @param {Answer} answer */
function sendAnswer(response, { status, headers, body }) {
  const length = BODILESS.includes(status) ? {} : { 'content-length': body.length };
  response.writeHead(status, { ...headers, ...length });
  response.end(body);
}

module.exports = { readAnswer, sendAnswer };
