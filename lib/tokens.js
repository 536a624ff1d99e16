'use strict';

// Turns tokens as users write them into what the engine holds, and back. A bad answer fails here, before it replaces good
// tokens.

const MAX_TOKEN_BYTES = 16_384;
const MAX_LIFETIME_MS = 365 * 24 * 3_600_000;
/** The last moment of a Date. A greater number is no time. */
const LAST_DATE_MS = 8.64e15;

/** RFC 6749 A.12 allows a space too, but that would split the header `Bearer a b`; RFC 6750 §2.1 allows none. */
const ACCESS_TOKEN = /^[\x21-\x7e]+$/;
/** RFC 6749 A.17. A space is harmless in a form body, in which refresh tokens travel. */
const REFRESH_TOKEN = /^[\x20-\x7e]+$/;

/** Internal: callers turn it into a public error. The message never holds a value. */
class MalformedTokens extends Error {
  name = 'MalformedTokens';
}

/**
 * Throws only MalformedTokens, whatever `value` does when it is read.
 * @param {unknown} value  `Tokens`, or a token endpoint's answer (RFC 6749 §5.1)
 * @param {'refresh' | 'store' | 'seed' | 'login'} origin
 * @returns {import('../native').NativeTokens}
 */
function readTokens(value, origin) {
  try {
    return parse(value, origin);
  } catch (error) {
    if (error instanceof MalformedTokens) throw error;
    throw new MalformedTokens('tokens could not be read', { cause: error });
  }
}

function parse(value, origin) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedTokens('tokens must be an object');
  }
  // Without a prototype, so that a polluted Object.prototype adds no token and no toJSON. Functions are no JSON, and a
  // `__proto__` would change the prototype of an object into which a program copies the tokens.
  const extra = Object.create(null);
  for (const key of Object.keys(value)) {
    const field = value[key];
    if (key !== '__proto__' && typeof field !== 'function') extra[key] = field;
  }
  const take = (name, wireName) => {
    const field = extra[name] ?? extra[wireName];
    delete extra[name];
    delete extra[wireName];
    return field;
  };

  const accessToken = token(take('accessToken', 'access_token'), 'accessToken', ACCESS_TOKEN);
  const refreshToken = optionalToken(take('refreshToken', 'refresh_token'));
  const expiresAt = moment(take('expiresAt'), origin) ?? lifetime(take('expires_in'), origin);
  const tokenType = take('tokenType', 'token_type');
  if (tokenType !== undefined) extra.tokenType = tokenType;
  return { accessToken, refreshToken, expiresAt, extra: toJson(extra) };
}

function token(value, name, allowed) {
  if (typeof value !== 'string') throw new MalformedTokens(`${name} must be a string`);
  if (value.length === 0 || value.length > MAX_TOKEN_BYTES) {
    throw new MalformedTokens(`${name} must have 1 to ${MAX_TOKEN_BYTES} bytes`);
  }
  if (!allowed.test(value)) throw new MalformedTokens(`${name} has characters a token cannot have`);
  return value;
}

function optionalToken(value) {
  return value === undefined || value === null ? undefined : token(value, 'refreshToken', REFRESH_TOKEN);
}

/** Epoch ms; undefined if it is not known. */
function moment(value, origin) {
  if (typeof value !== 'number' || !(value > 0 && value <= LAST_DATE_MS)) return undefined;
  const now = Date.now();
  // A new token that has expired means a wrong clock or a wrong unit. To believe it would mean to refresh for ever.
  if (origin === 'refresh' && value <= now) return undefined;
  return Math.min(Math.floor(value), now + MAX_LIFETIME_MS);
}

/** Seconds from now, as a number or as text. A stored lifetime is ignored, because it began at an unknown time. */
function lifetime(value, origin) {
  if (origin === 'store') return undefined;
  const seconds = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof seconds !== 'number' || !(seconds > 0)) return undefined;
  return moment(Date.now() + seconds * 1000, origin);
}

function toJson(extra) {
  let json;
  try {
    json = JSON.stringify(extra);
  } catch (cause) {
    throw new MalformedTokens('extra fields must be JSON', { cause });
  }
  return json === '{}' ? undefined : json;
}

/**
 * A new plain object for the user. Made from entries, because assigning could call a setter on Object.prototype.
 * @param {any[]} native  as the addon gives them; null for what is absent
 */
function tokensFromArray([accessToken, refreshToken, expiresAt, extra]) {
  const entries = Object.entries(JSON.parse(extra ?? '{}'));
  // See `parse`.
  const others = entries.filter(([key]) => key !== '__proto__');
  const own = [['accessToken', accessToken]];
  if (typeof refreshToken === 'string') own.push(['refreshToken', refreshToken]);
  if (typeof expiresAt === 'number') own.push(['expiresAt', expiresAt]);
  // `own` twice, because the first entry of a key decides its place and the last its value.
  return Object.fromEntries([...own, ...others, ...own]);
}

module.exports = { MalformedTokens, readTokens, tokensFromArray };
