'use strict';

// The first argument of `respond`: `/users`, `GET /users/:id` or `/files/*`.

const FORM = /^(?:([A-Z]+) )?(\/[^\s?#]*)$/;
const PARAM = /^:([A-Za-z]\w*)$/;

/** Paths that the server answers itself, and how a test changes that. @type {Record<string, string>} */
const OWN = {
  '/token': 'use fault() with at: "before-rotate" or "after-rotate", or the options of startAuthServer',
  '/revoke': 'use revoke() to end a session',
};

/** The methods and paths that a test answers. */
class Path {
  /** As it was given. */
  text;
  #method;
  #pattern;
  #names = [];

  /** @param {unknown} text */
  constructor(text) {
    const [, method, path] = FORM.exec(typeof text === 'string' ? text : '') ?? [];
    if (path === undefined) throw new TypeError(`respond: ${fault(text)}`);
    // As an HTTP client would write it: with escapes, and without dots.
    const { pathname } = new URL(`http://localhost${path}`);
    const own = OWN[pathname];
    if (own !== undefined) throw new TypeError(`respond: the server answers ${pathname} itself; ${own}`);
    this.text = String(text);
    this.#method = method;
    const parts = pathname.slice(1).split('/');
    const pattern = parts.map((part, i) => this.#read(part, i === parts.length - 1)).join('/');
    this.#pattern = new RegExp(`^/${pattern}$`);
  }

  /** The parameters of a request for this path; undefined if it is for another one. A GET is for HEAD too. */
  match(method, pathname) {
    const asked = method === 'HEAD' && this.#method === 'GET' ? 'GET' : method;
    if (this.#method !== undefined && this.#method !== asked) return undefined;
    const found = this.#pattern.exec(pathname);
    return found
      ? Object.fromEntries(this.#names.map((name, i) => [name, decoded(found[i + 1])]))
      : undefined;
  }

  #read(part, isLast) {
    const name = part === '*' && isLast ? '*' : PARAM.exec(part)?.[1];
    if (name === undefined && (part.includes('*') || part.startsWith(':'))) {
      throw new TypeError(
        'respond: a path has `:name` for one part, and `*` as its last part, and no other patterns',
      );
    }
    if (name === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    if (this.#names.includes(name)) throw new TypeError(`respond: the path has :${name} twice`);
    this.#names.push(name);
    return name === '*' ? '(.*)' : '([^/]+)';
  }
}

function fault(text) {
  const wanted = 'the path must be like "/users", "GET /users/:id" or "/files/*"';
  if (typeof text !== 'string') return wanted;
  if (/^(?:\S+ )?https?:/i.test(text)) return `${wanted}, without the origin`;
  if (/[?#]/.test(text)) return `${wanted}, without a query; a handler has request.query`;
  if (/^[a-z]+ \//i.test(text)) return `${wanted}, with the method in capitals`;
  return wanted;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

module.exports = { Path };
