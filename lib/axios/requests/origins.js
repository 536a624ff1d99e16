'use strict';

// The origins that the token may go to: that of the instance's baseURL, and `allowedOrigins`. If an instance has neither, the
// first origin that the token goes to is the only one.

const { httpUrl, own, parseUrl } = require('../../options/check.js');
const { invalidOption } = require('../../errors.js');

/** axios sends a request here if its URL names no host. */
const NOWHERE = 'http://localhost';
/** axios' own test for a URL that names its host. */
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
    const isTrusted = this.#isTrusted(origin);
    if (!isTrusted) this.#warn(origin);
    return isTrusted;
  }

  /** The same for a request that is about to be sent with the token. */
  claims(config) {
    if (this.#isOpen) this.#first ??= originOf(config);
    return this.trusts(config);
  }

  /** The same for the URL of a redirect. */
  trustsUrl(href) {
    return this.#isTrusted(resolve(undefined, href)?.origin);
  }

  /** Not stored, because programs set their baseURL late. */
  get #isOpen() {
    return !this.#api.defaults.baseURL && this.#allowed.size === 0;
  }

  #isTrusted(origin) {
    if (origin === undefined) return false;
    if (this.#isOpen) return this.#first === undefined || this.#first === origin;
    return this.#allowed.has(origin) || origin === originOf({ baseURL: this.#api.defaults.baseURL });
  }

  /** Warns once, because a program may send many such requests on purpose. */
  #warn(origin) {
    if (this.#warned) return;
    this.#warned = true;
    process.emitWarning(
      `a request to ${origin ?? 'an unknown origin'} was sent without the token; list the origin in allowedOrigins if the token may go there`,
      { code: 'TOKEN_ROTATOR_ORIGIN' },
    );
  }
}

/** The URL to which axios sends a request, null if it is none. */
function urlOf(config) {
  const [baseURL, url] = [own(config, 'baseURL'), own(config, 'url')];
  return resolve(baseURL, url, own(config, 'allowAbsoluteUrls'));
}

/** The last base and its origin, because an instance's requests have the same one. */
/** @type {{ base?: string, origin?: string }} */
let last = {};

/** A path that is joined to a base with a host stays on that host, so that only the base is parsed. */
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
  return parseUrl(joined, NOWHERE);
}

function readOrigins(value) {
  if (value === undefined) return new Set();
  if (!Array.isArray(value)) throw invalidOption('allowedOrigins', 'an array of origins');
  return new Set(value.map((item, at) => httpUrl(item, `allowedOrigins[${at}]`).origin));
}

exports.OriginRule = OriginRule;
exports.urlOf = urlOf;
