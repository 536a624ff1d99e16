'use strict';

// Turns tokens as users write them into what the engine holds, and back. A bad answer fails here, before it replaces good
// tokens; but one bad field does not throw away the good ones beside it.

const MAX_TOKEN_BYTES = 16_384;

/** RFC 6749 A.12 allows a space too, but that would split the header `Bearer a b`; RFC 6750 §2.1 allows none. */
const ACCESS_TOKEN = /^[\x21-\x7e]+$/;
/** RFC 6749 A.17. A space is harmless in a form body, in which refresh tokens travel. */
const REFRESH_TOKEN = /^[\x20-\x7e]+$/;

/** Names that an error or a warning may show: words, and no digits, because a name that is none may be a token. */
const WORDS = /^_{0,2}[a-z]{1,16}(?:[A-Z_][a-z]{0,15}){0,4}$/;

const SUBJECTS = { refresh: 'refresh returned', store: 'getTokens returned', seed: 'got', login: 'got' };

/** Internal: callers turn it into a public error. The message never holds a value. */
class MalformedTokens extends Error {
  name = 'MalformedTokens';
  /** Private, because the error is shown to users as a `cause`. */
  #refreshToken;

  constructor(message, cause, refreshToken) {
    super(message, cause === undefined ? undefined : { cause });
    this.#refreshToken = refreshToken;
  }

  /** The usable refresh token that came without a usable access token. @param {MalformedTokens} error */
  static refreshTokenOf(error) {
    return error.#refreshToken;
  }
}

/**
 * Throws only MalformedTokens, whatever `value` does when it is read.
 * @param {unknown} value  `Tokens`, or a token endpoint's answer (RFC 6749 §5.1)
 * @param {'refresh' | 'store' | 'seed' | 'login'} origin
 * @param {(text: string) => void} [notice]  told of what was left out; by default a process warning
 * @param {string | null} [sent]  the refresh token that a refresh was asked with
 * @returns {import('../native').NativeTokens}
 */
function readTokens(value, origin, notice = warn, sent = null) {
  try {
    return parse(value, origin, notice, sent);
  } catch (error) {
    if (error instanceof MalformedTokens) throw error;
    throw new MalformedTokens('tokens could not be read', error);
  }
}

function parse(value, origin, notice, sent) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw noTokens(value, origin);
  const fields = ownFields(value, notice);
  const take = (name) => {
    const field = fields[name];
    delete fields[name];
    return field;
  };
  const accesses = [take('accessToken'), take('access_token')];
  const refreshes = [take('refreshToken'), take('refresh_token')];
  // `{ ...held, ...answer }` has both, and the old ones first.
  if (typeof sent === 'string' && refreshes[0] === sent && refreshes[1] !== sent)
    for (const fields of [accesses, refreshes]) fields.reverse();
  const access = best('accessToken', accesses);
  const refresh = best('refreshToken', refreshes);
  if (origin === 'refresh') {
    if (access.token === undefined) throw noTokens(value, origin, access.problem, refresh.token);
    if (refresh.problem !== undefined) notice(`${refresh.problem}; the refresh token held is kept`);
  } else {
    const problem = access.problem ?? refresh.problem;
    const isEmpty = access.token === undefined && refresh.token === undefined;
    if (problem !== undefined || isEmpty) throw noTokens(value, origin, problem);
  }
  const { readExpiry, readRefreshAt } = require('./tokens/expiry.js');
  const { expiresAt, lifetime } = readExpiry(take, origin, notice);
  const wanted = readRefreshAt(take, origin);
  const tokenType = present(take('tokenType'), take('token_type'));
  if (tokenType !== undefined) fields.tokenType = tokenType;
  return {
    accessToken: access.token ?? '',
    refreshToken: refresh.token,
    expiresAt,
    lifetime,
    refreshAt: wanted.expiresAt,
    refreshIn: wanted.lifetime,
    isNew: origin === 'refresh',
    extra: toJson(fields, notice),
  };
}

/**
 * Without a prototype, so that a polluted Object.prototype adds no token and no toJSON. Functions are no JSON, and a
 * `__proto__` would change the prototype of an object into which a program copies the tokens.
 */
function ownFields(value, notice) {
  const fields = Object.create(null);
  for (const key of Object.keys(value)) {
    try {
      const field = value[key];
      if (key !== '__proto__' && typeof field !== 'function') fields[key] = field;
    } catch {
      notice(`${shown(key)} threw when it was read, and is left out`);
    }
  }
  return fields;
}

/** The first field that is there. An empty text is absent: servers write it for "none". */
function present(...fields) {
  return fields.find((field) => field !== undefined && field !== null && !isBlank(field));
}

function isBlank(field) {
  return typeof field === 'string' && field.trim() === '';
}

/** The first of `fields` that is a token; else what is wrong with the first that is there. */
function best(name, fields) {
  const found = fields.filter((field) => present(field) !== undefined).map((field) => check(name, field));
  return found.find(({ token }) => token !== undefined) ?? found[0] ?? check(name, undefined);
}

/**
 * A token without the white space around it and without `Bearer `, or what is wrong with it, or neither if it is absent.
 * @returns {{ token: string | undefined, problem: string | undefined }}  both its own, whatever Object.prototype has
 */
function check(name, value) {
  const isAccess = name === 'accessToken';
  let token;
  let problem;
  if (typeof value === 'string') {
    token = isAccess ? value.trim().replace(/^bearer(\s+|$)/i, '') : value.trim();
    if (token.length > MAX_TOKEN_BYTES) problem = `${name} must have 1 to ${MAX_TOKEN_BYTES} bytes`;
    else if (!(isAccess ? ACCESS_TOKEN : REFRESH_TOKEN).test(token))
      problem = `${name} has characters a token cannot have`;
  } else if (value !== undefined) {
    problem = `${name} must be a string, and is ${require('./tokens/shape.js').kindOf(value)}`;
  }
  if (token === '') return { token: undefined, problem: undefined };
  return { token: problem === undefined ? token : undefined, problem };
}

/** `problem`: what is wrong with a field; if undefined, both tokens are missing. */
function noTokens(value, origin, problem, refreshToken) {
  const { refreshTextIn, shapeOf } = require('./tokens/shape.js');
  const message = problem ?? `${SUBJECTS[origin]} ${shapeOf(value)}`;
  const kept = origin === 'refresh' ? (refreshToken ?? usable(refreshTextIn(value))) : undefined;
  return new MalformedTokens(message, undefined, kept);
}

function usable(refreshToken) {
  return check('refreshToken', refreshToken).token;
}

/** The usable refresh token in the text of an answer that `refresh` returned unread. @param {string | undefined} text */
function refreshTokenInText(text) {
  return usable(require('./tokens/shape.js').refreshTextIn(text));
}

/** Field by field, so that one that is no JSON (a cycle, a BigInt, a `toJSON` that throws) costs no other. */
function toJson(fields, notice) {
  const members = [];
  for (const key of Object.keys(fields)) {
    try {
      const json = JSON.stringify(fields[key]);
      if (json === undefined) continue;
      // Half a surrogate pair in a name is no JSON for Rust.
      if (!/\p{Surrogate}/u.test(key)) members.push(`${JSON.stringify(key)}:${json}`);
      else notice('a field whose name is no Unicode text is left out');
    } catch {
      notice(`${shown(key)} is no JSON, and is left out`);
    }
  }
  return members.length === 0 ? undefined : `{${members.join(',')}}`;
}

function shown(key) {
  return WORDS.test(key) ? `the field ${key}` : 'a field';
}

function warn(text) {
  process.emitWarning(`tokens: ${text}`, { code: 'TOKEN_ROTATOR_TOKENS' });
}

/**
 * A new plain object for the user. Made from entries, because assigning could call a setter on Object.prototype.
 * @param {any[]} native  as the addon gives them; null for what is absent
 */
function tokensFromArray([accessToken, refreshToken, expiresAt, extra, refreshAt]) {
  const entries = Object.entries(JSON.parse(extra ?? '{}'));
  // See `ownFields`.
  const others = entries.filter(([key]) => key !== '__proto__');
  const own = [['accessToken', accessToken]];
  if (typeof refreshToken === 'string') own.push(['refreshToken', refreshToken]);
  if (typeof expiresAt === 'number') own.push(['expiresAt', expiresAt]);
  if (typeof refreshAt === 'number') own.push(['refreshAt', refreshAt]);
  // `own` twice, because the first entry of a key decides its place and the last its value.
  return Object.fromEntries([...own, ...others, ...own]);
}

module.exports = { MalformedTokens, WORDS, readTokens, refreshTokenInText, tokensFromArray, warn };
