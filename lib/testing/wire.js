'use strict';

// Enough for any request a test makes, and an end for one that would never stop.
const MAX_BODY = 64 * 1024 * 1024;

const EMPTY = Buffer.alloc(0);

class BodyTooLarge extends Error {
  message = `the request body is larger than ${MAX_BODY} bytes`;
}

/** Without the query, which may hold anything; no log must. @param {{ url?: string | undefined }} request */
const pathOf = ({ url = '' }) => url.split('?', 1)[0];

/** True for `top` and all paths below it. @param {string} path @param {string} top */
const isBelow = (path, top) => path === top || path.startsWith(`${top}/`);

/** The whole request body. Rejects if the client leaves, when there is nobody to answer, or with a BodyTooLarge. */
async function readBody(request) {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (coding === undefined && (length === undefined || length === '0')) return EMPTY;
  if (Number(length) > MAX_BODY) throw new BodyTooLarge();
  const chunks = [];
  let size = 0;
  // Without the option, leaving the loop would close the connection, and the client would never see the 413.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > MAX_BODY) throw new BodyTooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size);
}

/** Reads on without keeping anything, because a client may look at the answer only after it has sent its whole body. */
function refuseBody(request, response, { message }) {
  sendJson(response, 413, { error: 'content_too_large', error_description: message });
  request.resume();
}

function send(response, status, headers, body) {
  response.writeHead(status, { ...headers, 'content-length': body.length });
  response.end(body);
}

function sendJson(response, status, value, headers) {
  send(
    response,
    status,
    { 'content-type': 'application/json', ...headers },
    Buffer.from(JSON.stringify(value)),
  );
}

/** Parameters of a form or JSON body. Null: neither, or a parameter is given twice (RFC 6749 §3.2) or is no string. */
function readParams(request, body) {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0].trim().toLowerCase();
  if (type === 'application/x-www-form-urlencoded') return readForm(body.toString());
  if (type === 'application/json') return readJson(body.toString());
  return null;
}

function readForm(text) {
  const params = new Map();
  for (const [name, value] of new URLSearchParams(text)) {
    if (params.has(name)) return null;
    params.set(name, value);
  }
  return params;
}

function readJson(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  const params = new Map(Object.entries(value));
  return [...params.values()].every((it) => typeof it === 'string') ? params : null;
}

module.exports = { BodyTooLarge, isBelow, pathOf, readBody, readParams, refuseBody, send, sendJson };
