'use strict';

const REUSE_POLICIES = ['strict', 'leeway', 'parent-of-active', 'same-token-window', 'none'];

const isTime = (value) => typeof value === 'number' && value >= 0 && value < Infinity;
const isCount = (value) => Number.isInteger(value) && value >= 0;
const isBoolean = (value) => typeof value === 'boolean';
const isRange = (value) =>
  Array.isArray(value) && value.length === 2 && value.every(isTime) && value[0] <= value[1];
const isLatency = (value) => isTime(value) || isRange(value);

/** Name → default, check, and what the check wants. @type {Record<string, [any, (value: any) => boolean, string]>} */
const OPTIONS = {
  reuse: ['strict', (value) => REUSE_POLICIES.includes(value), `one of ${REUSE_POLICIES.join(', ')}`],
  leeway: [10_000, isTime, 'a number of milliseconds'],
  accessTokenTtl: [3_600_000, (value) => isTime(value) && value > 0, 'a positive number of milliseconds'],
  expiresIn: [true, isBoolean, 'a boolean'],
  omitRefreshToken: [false, isBoolean, 'a boolean'],
  validAfter: [0, isTime, 'a number of milliseconds'],
  latency: [0, isLatency, 'a number of milliseconds or [min, max]'],
  apiLatency: [0, isLatency, 'a number of milliseconds or [min, max]'],
  host: ['127.0.0.1', (value) => typeof value === 'string' && value !== '', 'a host name or address'],
  port: [0, (value) => isCount(value) && value <= 65_535, 'a port number'],
  scope: ['api', (value) => typeof value === 'string', 'a string of scopes'],
  clientSecret: [null, (value) => value === null || typeof value === 'string', 'a string, or null for any'],
  errorStatus: [400, (value) => isCount(value) && value >= 200 && value <= 499, 'an HTTP status, 200 to 499'],
  // About 600 bytes a token and 200 a request: some MB at most, and more than any one test looks back.
  maxTokens: [10_000, (value) => isCount(value) && value >= 2, 'a whole number, 2 or more'],
  maxRequests: [10_000, isCount, 'a whole number'],
};

/** Options with defaults filled in; a bad or unknown one throws, so that a misspelt policy cannot pass a test. */
function readOptions(options = {}) {
  if (options === null || typeof options !== 'object') throw new TypeError('options must be an object');
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(OPTIONS, name));
  if (unknown !== undefined) throw new TypeError(`unknown option "${unknown}"`);
  const read = {};
  for (const [name, [byDefault, accepts, expected]] of Object.entries(OPTIONS)) {
    const value = options[name] === undefined ? byDefault : options[name];
    if (!accepts(value)) throw new TypeError(`option "${name}" must be ${expected}`);
    read[name] = value;
  }
  return read;
}

module.exports = { readOptions };
