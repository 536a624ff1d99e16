'use strict';

// Where the token may go: to the origin of the instance's baseURL, and to `allowedOrigins`. An instance with neither
// leaves it open, and the first origin that it goes to is the one.

const { httpUrl } = require('../../options/check.js');
const { invalidOption } = require('../../errors.js');
const { own } = require('../own-property.js');

/** Where axios sends what names no host at all. */
const NOWHERE = 'http://localhost';
/** A URL that names its host, as axios tells. */
const ABSOLUTE = /^([a-z][a-z\d+\-.]*:)?\/\//i;

class OriginRule {
  #api;
  #allowed;
  #first;
  #warned = false;

  constructor(api, allowedOrigins) {
    this.#api = api;
    this.#allowed = readOrigins(allowedOrigins);
  }

  trusts(config) {
    const origin = originOf(config);
    if (this.#isTrusted(origin)) return true;
    this.#warn(origin);
    return false;
  }

  /** The same of a request that the token is about to go with. */
  claims(config) {
    if (this.#isOpen) this.#first ??= originOf(config);
    return this.trusts(config);
  }

  /** Of a URL that a request is redirected to. */
  trustsUrl(href) {
    return this.#isTrusted(resolve(undefined, href)?.origin);
  }

  /** Looked up each time: programs set their baseURL late. */
  get #isOpen() {
    return !this.#api.defaults.baseURL && this.#allowed.size === 0;
  }

  #isTrusted(origin) {
    if (origin === undefined) return false;
    if (this.#isOpen) return this.#first === undefined || this.#first === origin;
    return this.#allowed.has(origin) || origin === originOf({ baseURL: this.#api.defaults.baseURL });
  }

  /** Once: who relied on it will see why, and who did not is not told a hundred times. */
  #warn(origin) {
    if (this.#warned) return;
    this.#warned = true;
    process.emitWarning(
      `a request to ${origin ?? 'an unknown origin'} was sent without the token; list the origin in allowedOrigins if the token may go there`,
      { code: 'TOKEN_ROTATOR_ORIGIN' },
    );
  }
}

/** Where axios sends a request, or null for what is no URL. */
function urlOf(config) {
  const [baseURL, url] = [own(config, 'baseURL'), own(config, 'url')];
  return resolve(baseURL, url, own(config, 'allowAbsoluteUrls'));
}

/** The origin of a base that was seen last: requests of one instance come one after the other. */
let last = { base: undefined, origin: undefined };

/** What is joined to a base that names its host cannot lead away from it. */
function originOf(config) {
  const [base, url] = [own(config, 'baseURL'), own(config, 'url')];
  const isJoined = typeof base === 'string' && ABSOLUTE.test(base) && !ABSOLUTE.test(url);
  if (!isJoined) return urlOf(config)?.origin;
  if (base !== last.base) last = { base, origin: resolve(base)?.origin };
  return last.origin;
}

function resolve(baseURL, url = '', allowAbsolute) {
  const path = String(url);
  const joined =
    baseURL && (allowAbsolute === false || !ABSOLUTE.test(path))
      ? `${String(baseURL).replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`
      : path;
  return URL.canParse(joined, NOWHERE) ? new URL(joined, NOWHERE) : null;
}

function readOrigins(value) {
  if (value === undefined) return new Set();
  if (!Array.isArray(value)) throw invalidOption('allowedOrigins', 'an array of origins');
  return new Set(value.map((item, at) => httpUrl(item, `allowedOrigins[${at}]`).origin));
}

module.exports = { OriginRule, urlOf };
