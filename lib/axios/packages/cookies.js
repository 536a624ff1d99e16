'use strict';

// The cookies of one origin, for refresh tokens in cookies, which browsers keep and Node does not. Of RFC 6265 it knows Path,
// Max-Age, Expires and Secure; with Domain it refuses cookies of other hosts.
//
// Invariant: a cookie goes only to the origin that set it.

/** The least that RFC 6265 §6.1 asks for; more than a server needs for a refresh token. */
const MAX_COOKIES = 50;
const MAX_LENGTH = 4096;

class CookieStore {
  #host;
  #isSecure;
  /** By name and path, oldest first: { name, value, path, secure, expires }. */
  #cookies = new Map();

  /** `origin`: as `URL` writes it. */
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
    const now = Date.now();
    const sent = new Map(parsePairs(given));
    const matching = [...this.#cookies.values()].filter(
      ({ path, secure, expires }) => expires > now && (this.#isSecure || !secure) && isWithin(pathname, path),
    );
    // §5.4: longer paths first, because most servers take the first of two cookies with one name.
    matching.sort((one, other) => other.path.length - one.path.length);
    const ours = new Set(matching.map(({ name }) => name));
    const pairs = [...sent].filter(([name]) => !ours.has(name));
    for (const { name, value } of matching) pairs.push([name, value]);
    return pairs.length === 0 ? undefined : pairs.map(([name, value]) => `${name}=${value}`).join('; ');
  }

  #take(line, pathname) {
    const [pair, ...attributes] = line.split(';');
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    const value = pair.slice(at + 1).trim();
    if (at < 1 || name === '' || pair.length > MAX_LENGTH || hasControls(pair)) return;
    const cookie = { name, value, path: defaultPath(pathname), secure: false, expires: Infinity };
    let maxAge;
    for (const attribute of attributes) {
      const [key, ...rest] = attribute.split('=');
      const said = rest.join('=').trim();
      switch (key.trim().toLowerCase()) {
        case 'path':
          if (said.startsWith('/')) cookie.path = said;
          break;
        case 'domain':
          if (!this.#isOf(said.replace(/^\./, '').toLowerCase())) return;
          break;
        case 'secure':
          cookie.secure = true;
          break;
        case 'max-age':
          if (/^-?\d+$/.test(said)) maxAge = Number(said);
          break;
        case 'expires':
          if (!Number.isNaN(Date.parse(said))) cookie.expires = Date.parse(said);
      }
    }
    // §5.3: Max-Age wins over Expires.
    if (maxAge !== undefined) cookie.expires = maxAge > 0 ? Date.now() + maxAge * 1000 : 0;
    this.#put(cookie);
  }

  #put(cookie) {
    const key = `${cookie.name};${cookie.path}`;
    this.#cookies.delete(key);
    if (cookie.expires <= Date.now()) return;
    this.#cookies.set(key, cookie);
    if (this.#cookies.size > MAX_COOKIES) this.#cookies.delete(this.#cookies.keys().next().value);
  }

  #isOf(domain) {
    return domain === '' || domain === this.#host || this.#host.endsWith(`.${domain}`);
  }
}

function parsePairs(header) {
  if (typeof header !== 'string') return [];
  return header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? ['', pair] : [pair.slice(0, at), pair.slice(at + 1)];
    });
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

module.exports = { CookieStore };
