'use strict';

// The header that carries the token: in requests, and among the instance's default headers, where programs that know
// token-refresh set it and read it.

const { isPlaceholder } = require('../../foreign-header.js');
const { deleteHeader, getHeader, setHeader } = require('./header-bag.js');

/** How many values count as the session's: more than a program keeps copies of. */
const REMEMBERED = 64;
/** A token for `format`, to find what it puts around one. */
const PROBE = 'probe';

class AuthHeader {
  #api;
  #name;
  #format;
  /** Header values of this login's tokens, oldest first. @type {Set<string>} */
  #ours = new Set();
  /** The default header when `edited` read it last. */
  #seen;
  /** The token in use, and its header value. */
  #token;
  #value;
  /** The headers that hold the token. */
  names;

  /** @param {import('axios').AxiosInstance} api @param {string} name @param {(token: string) => string} format */
  constructor(api, name, format) {
    this.#api = api;
    this.#name = name;
    this.#format = format;
    this.names = [name];
  }

  /** True if a request has a credential of its own: one that is no token of this login. */
  isForeign(config) {
    const value = this.#of(config);
    if (value !== undefined) return !this.#ours.has(value) && !isPlaceholder(value);
    // axios makes a header of `auth`.
    return Boolean(config.auth) && /^authorization$/i.test(this.#name);
  }

  /** True if a request has a token of this login, or the instance's default header. */
  isOurs(config) {
    const value = this.#of(config);
    return value !== undefined && (this.#ours.has(value) || value === this.#default);
  }

  /** The token in a request's header; undefined if `format` makes no such header. */
  token(config) {
    return this.#parsed(this.#of(config));
  }

  /** Returns the names of the headers that it sets. */
  attach(config, token) {
    if (token !== this.#token) this.#use(token);
    setHeader(config, this.#name, this.#value);
    return this.names;
  }

  detach(config) {
    deleteHeader(config, this.#name);
  }

  isNamed(name) {
    return name.toLowerCase() === this.#name.toLowerCase();
  }

  /** Adds a token of this login. Returns its header value. */
  know(token) {
    const value = this.#format(token);
    const { size } = this.#ours.add(value);
    if (size > REMEMBERED) this.#ours.delete([...this.#ours][0]);
    return value;
  }

  /** The session uses this token from now on, and so do the defaults if they show an older one. */
  #use(token) {
    const shown = this.#default;
    this.#value = this.know(token);
    if (shown !== this.#value && this.#ours.has(shown)) this.show(token);
    this.#token = token;
  }

  /** No login is there, though a request still brings the token that the defaults show. */
  withdraw(config) {
    const value = this.#of(config);
    if (this.#ours.has(value) || isPlaceholder(value)) this.detach(config);
    if (this.#ours.has(this.#default)) this.show(null);
  }

  /** Sets the default header, or removes it with null. */
  show(token) {
    setDefault(this.#api, this.#name, token === null ? null : this.know(token));
    this.#seen = this.#default;
  }

  /** The login is over. */
  forget() {
    this.#ours.clear();
    this.#token = undefined;
  }

  /**
   * The program's change of the default header since the last call: undefined for none, null if it removed the header, or
   * the token that it set.
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

/** Sets a default header, or removes it with null, whatever the case of its name. */
function setDefault(api, name, value) {
  const { common } = api.defaults.headers;
  if (value === null) deleteHeader({ headers: common }, name);
  else setHeader({ headers: common }, name, value);
}

exports.AuthHeader = AuthHeader;
exports.setDefault = setDefault;
