'use strict';

const REUSE_POLICIES = ['strict', 'leeway', 'parent-of-active', 'same-token-window', 'none'];

const DEFAULTS = {
  reuse: 'strict',
  leeway: 10_000,
  accessTokenTtl: 3_600_000,
  expiresIn: true,
  omitRefreshToken: false,
  latency: 0,
  apiLatency: 0,
  host: '127.0.0.1',
  port: 0,
  scope: 'api',
  // About 600 bytes a token and 200 a request: some MB at most, and more than any one test looks back.
  maxTokens: 10_000,
  maxRequests: 10_000,
};

const isTime = (value) => typeof value === 'number' && value >= 0 && value < Infinity;
const isCount = (value) => Number.isInteger(value) && value >= 0;
const isBoolean = (value) => typeof value === 'boolean';
const isRange = (value) =>
  Array.isArray(value) && value.length === 2 && value.every(isTime) && value[0] <= value[1];
const isLatency = (value) => isTime(value) || isRange(value);

const RULES = {
  reuse: [(value) => REUSE_POLICIES.includes(value), `one of ${REUSE_POLICIES.join(', ')}`],
  leeway: [isTime, 'a number of milliseconds'],
  accessTokenTtl: [(value) => isTime(value) && value > 0, 'a positive number of milliseconds'],
  expiresIn: [isBoolean, 'a boolean'],
  omitRefreshToken: [isBoolean, 'a boolean'],
  latency: [isLatency, 'a number of milliseconds or [min, max]'],
  apiLatency: [isLatency, 'a number of milliseconds or [min, max]'],
  host: [(value) => typeof value === 'string' && value !== '', 'a host name or address'],
  port: [(value) => isCount(value) && value <= 65_535, 'a port number'],
  scope: [(value) => typeof value === 'string', 'a string of scopes'],
  maxTokens: [(value) => isCount(value) && value >= 2, 'a whole number, 2 or more'],
  maxRequests: [isCount, 'a whole number'],
};

/** Options with defaults filled in; a bad or unknown one throws, so that a misspelt policy cannot pass a test. */
function readOptions(options = {}) {
  if (options === null || typeof options !== 'object') throw new TypeError('options must be an object');
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(RULES, name)) throw new TypeError(`unknown option "${name}"`);
    const [accepts, expected] = RULES[name];
    if (value !== undefined && !accepts(value)) throw new TypeError(`option "${name}" must be ${expected}`);
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...DEFAULTS, ...Object.fromEntries(given) };
}

module.exports = { readOptions };
