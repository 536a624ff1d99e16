'use strict';

// Reads the options of one request. Every request comes by here, so that no options must mean no allocation.

const { NativeRequest } = require('../crossing/native-request.js');
const { METHODS } = require('../crossing/table.js');
const { rejectOption } = require('../errors.js');

const DEFAULTS = Object.create(null);
for (const method of METHODS) DEFAULTS[method] = Object.freeze(new NativeRequest(method));

/**
 * Loaded with the first request that has options or a body, so that the package itself loads sooner.
 * @type {typeof import('./request-fields.js') | undefined}
 */
let fields;

/** Loaded with the first body, for the same reason. @type {typeof import('../body/read.js') | undefined} */
let bodies;
const bodiesFile = () => (bodies ??= require('../body/read.js'));

/**
 * Callers must not change the result, because requests without options share it.
 * @param {string | undefined} method  undefined for `request`, which takes it from the options
 * @param {any} options
 * @param {unknown} body  the argument of `post`, `put` and `patch`
 * @param {import('../../native').NativeRetry} clientRetry
 */
function readRequestOptions(method, options, body, clientRetry) {
  if (options === undefined && body === undefined) return DEFAULTS[method ?? 'GET'];
  const request = new NativeRequest(method ?? 'GET');
  /** @type {Record<string, string>} */
  const framing = {};
  try {
    if (options !== undefined) {
      fields ??= require('./request-fields.js');
      body = fields.readAll(request, framing, method, options, body, clientRetry);
    }
    if (body !== undefined && body !== null) attachBody(request, body);
    if (framing['content-length'] !== undefined)
      bodiesFile().settleLength(request, framing['content-length']);
  } catch (error) {
    // Loaded here, because only a refused request needs it.
    require('../body/streams.js').abandon(body ?? options?.body);
    throw error;
  }
  return request;
}

function attachBody(request, body) {
  if (request.method === 'GET' || request.method === 'HEAD') {
    throw rejectOption(`body must be absent from a ${request.method} request`);
  }
  const { data, contentType } = bodiesFile().readBody(body);
  request.data = data;
  fields ??= require('./request-fields.js');
  request.headers = fields.addContentType(request.headers, contentType);
}

module.exports = { readRequestOptions };
