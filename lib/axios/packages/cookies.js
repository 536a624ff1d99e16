'use strict';

// The cookies of one origin, for refresh tokens in cookies, which browsers keep and Node does not. Of RFC 6265 it knows Path,
// Max-Age, Expires and Secure; with Domain it refuses cookies of other hosts.
//
// Invariant: a cookie goes only to the origin that set it.

const clock = require('../../clock.js');

/** The least that RFC 6265 §6.1 asks for; more than a server needs for a refresh token. */
const MAX_COOKIES = 50;
const MAX_LENGTH = 4096;

/** @typedef {{ name: string, value: string, path: string, secure: boolean, expires: number }} Cookie */

class CookieStore {
  #host;
  #isSecure;
  /** By name and path, oldest first. @type {Map<string, Cookie>} */
  #cookies = new Map();

  /** @param {string} origin  as `URL` writes it */
  constructor(origin) {
    const { hostname, protocol } = new URL(origin);
    this.#host = hostname;
    this.#isSecure = protocol === 'https:';
  }

  /** Takes the cookies of an answer to a request for `pathname`. `lines`: its set-cookie headers. */
  take(lines, pathname) {
    for (const line of lines ?? []) this.#take(String(line), pathname);
  }

  /** The Cookie header of a request for `pathname`, undefined for none. `given`: the request's own, which ours win over. */
  header(pathname, given) {
    const now = clock.now();
    const matching = [...this.#cookies.values()].filter(
      ({ path, secure, expires }) => expires > now && (this.#isSecure || !secure) && isWithin(pathname, path),
    );
    // §5.4: longer paths first, because most servers take the first of two cookies with one name.
    matching.sort((one, other) => other.path.length - one.path.length);
    const ours = new Set(matching.map(({ name }) => name));
    const pairs = typeof given === 'string' ? given.split(';').map((pair) => pair.trim()) : [];
    const others = pairs.filter((pair) => pair !== '' && !ours.has(pair.split('=', 1)[0]));
    return [...others, ...matching.map(({ name, value }) => `${name}=${value}`)].join('; ') || undefined;
  }

  #take(line, pathname) {
    const [pair, ...attributes] = line.split(';');
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    const value = pair.slice(at + 1).trim();
    if (at < 1 || name === '' || pair.length > MAX_LENGTH || hasControls(pair)) return;
    const said = new Map(attributes.map(splitAttribute));
    if (!this.#isOf(said.get('domain') ?? '')) return;
    const path = said.get('path')?.startsWith('/') ? said.get('path') : defaultPath(pathname);
    this.#put({ name, value, path, secure: said.has('secure'), expires: expiryOf(said) });
  }

  #put(cookie) {
    const key = `${cookie.name};${cookie.path}`;
    this.#cookies.delete(key);
    if (cookie.expires <= clock.now()) return;
    this.#cookies.set(key, cookie);
    if (this.#cookies.size > MAX_COOKIES) this.#cookies.delete([...this.#cookies.keys()][0]);
  }

  #isOf(attribute) {
    const domain = attribute.replace(/^\./, '').toLowerCase();
    return domain === '' || domain === this.#host || this.#host.endsWith(`.${domain}`);
  }
}

/** The name in lower case, and the value. */
function splitAttribute(attribute) {
  const [key, ...rest] = attribute.split('=');
  return /** @type {const} */ ([key.trim().toLowerCase(), rest.join('=').trim()]);
}

/** Epoch ms. §5.3: Max-Age wins over Expires. @param {Map<string, string>} said */
function expiryOf(said) {
  const maxAge = said.get('max-age') ?? '';
  if (/^-?\d+$/.test(maxAge)) return clock.now() + Number(maxAge) * 1000;
  const date = Date.parse(said.get('expires') ?? '');
  return Number.isNaN(date) ? Infinity : date;
}

/** §5.1.4. */
function isWithin(pathname, path) {
  if (pathname === path) return true;
  return pathname.startsWith(path) && (path.endsWith('/') || pathname[path.length] === '/');
}

/** §5.1.4: the path of a cookie without Path. */
function defaultPath(pathname) {
  const at = pathname.lastIndexOf('/');
  return at < 1 ? '/' : pathname.slice(0, at);
}

function hasControls(text) {
  // eslint-disable-next-line no-control-regex -- the function looks for these
  return /[\x00-\x08\x0a-\x1f\x7f]/.test(text);
}

exports.CookieStore = CookieStore;
