'use strict';

// The header that carries the token: in requests, and among the instance's defaults, where programs that know
// token-refresh put it and look for it.

const { deleteHeader, getHeader, setHeader } = require('./header-bag.js');

/** Values that count as ours: more than a program keeps copies of. */
const REMEMBERED = 64;
/** Stands for a token, to see what `format` puts around it. */
const PROBE = 'probe';

class AuthHeader {
  #api;
  #name;
  #format;
  /** Values of this login, oldest first. */
  #ours = new Set();
  /** The default header as it was last looked at. */
  #seen;

  /** The token in use, and its value. */
  #token;
  #value;
  /** Of the headers that hold it. */
  names;

  constructor(api, name, format) {
    this.#api = api;
    this.#name = name;
    this.#format = format;
    this.names = [name];
  }

  /** Whether a request brings a credential that is no token of this login. */
  isForeign(config) {
    const value = this.#of(config);
    if (value !== undefined) return !this.#ours.has(value);
    // axios makes a header of its own of `auth`.
    return Boolean(config.auth) && /^authorization$/i.test(this.#name);
  }

  /** Whether it is a token of this login, or what the instance adds by itself. */
  isOurs(config) {
    const value = this.#of(config);
    return value !== undefined && (this.#ours.has(value) || value === this.#default);
  }

  /** The token that a request brings; undefined if it is none that `format` makes. */
  token(config) {
    return this.#parsed(this.#of(config));
  }

  /** Gives the names of what it sets. */
  attach(config, token) {
    setHeader(config, this.#name, token === this.#token ? this.#value : this.use(token));
    return this.names;
  }

  detach(config) {
    deleteHeader(config, this.#name);
  }

  isNamed(name) {
    return name.toLowerCase() === this.#name.toLowerCase();
  }

  /** This token is one of this login's. Gives its value. */
  know(token) {
    const value = this.#format(token);
    const { size } = this.#ours.add(value);
    if (size > REMEMBERED) this.#ours.delete(this.#ours.values().next().value);
    return value;
  }

  /** This token is the session's from now on. */
  use(token) {
    const value = this.know(token);
    const shown = this.#default;
    if (shown !== undefined && shown !== value && this.#ours.has(shown)) this.show(token);
    this.#token = token;
    this.#value = value;
    return value;
  }

  /** Nobody is logged in, though a request still brings the token that the defaults show. */
  withdraw(config) {
    if (this.#ours.has(this.#of(config))) this.detach(config);
    if (this.#ours.has(this.#default)) this.show(null);
  }

  /** Puts the token among the defaults, or with null takes it from there. */
  show(token) {
    setDefault(this.#api, this.#name, token === null ? null : this.know(token));
    this.#seen = this.#default;
  }

  /** Of a login that is over. */
  forget() {
    this.#ours.clear();
    this.#token = undefined;
  }

  /**
   * What the program has done to the default header since the last look: undefined for nothing, null for taking it away,
   * or the token that it put there.
   */
  edited() {
    const value = this.#default;
    if (value === this.#seen) return undefined;
    this.#seen = value;
    if (value === undefined) return null;
    return this.#ours.has(value) ? undefined : this.#parsed(value);
  }

  #of(config) {
    return getHeader(config.headers, this.#name) ?? undefined;
  }

  #parsed(value) {
    const [before, after] = this.#format(PROBE).split(PROBE);
    if (after === undefined || typeof value !== 'string') return undefined;
    const token = value.slice(before.length, value.length - after.length);
    return token !== '' && before + token + after === value ? token : undefined;
  }

  get #default() {
    const { headers } = this.#api.defaults;
    return getHeader(headers, this.#name) ?? getHeader(headers.common, this.#name) ?? undefined;
  }
}

/** Edits the instance's default header, under whatever case it is there. */
function setDefault(api, name, value) {
  const { common } = api.defaults.headers;
  if (typeof common.set === 'function' && typeof common.delete === 'function') {
    if (value === null) common.delete(name);
    else common.set(name, value);
    return;
  }
  const lower = name.toLowerCase();
  for (const key of Object.keys(common)) if (key.toLowerCase() === lower) delete common[key];
  if (value !== null) common[name] = value;
}

module.exports = { AuthHeader, setDefault };
