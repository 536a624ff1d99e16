'use strict';

// Tokens as users write them ↔ as the engine holds them. Nothing unusable gets in: a bad answer must fail here,
// before it replaces good tokens.

const MAX_TOKEN_BYTES = 16_384;
const MAX_LIFETIME_MS = 365 * 24 * 3_600_000;
/** The last moment a Date can name; beyond it a number is junk, not a time. */
const LAST_DATE_MS = 8.64e15;

// RFC 6749 A.12 allows VSCHAR, which includes the space. A space inside a credential splits the header
// `Bearer a b` into two parts, and RFC 6750 §2.1's b64token has none: it is refused.
const ACCESS_TOKEN = /^[\x21-\x7e]+$/;
/** RFC 6749 A.17: refresh tokens travel in a form body, where a space is harmless. */
const REFRESH_TOKEN = /^[\x20-\x7e]+$/;

/** Internal: callers turn it into the public error that fits. The message never holds a value. */
class MalformedTokens extends Error {
  name = 'MalformedTokens';
}

/**
 * Takes `Tokens` or a token endpoint's answer (RFC 6749 §5.1), from 'refresh', 'store', 'seed' or 'login'.
 * Throws MalformedTokens and nothing else, whatever `value` does when it is read.
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
  // Null prototype: a polluted Object.prototype lends no token and no toJSON. Functions are not JSON anyway,
  // and `__proto__` is a trap for whoever copies the tokens next.
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
  return value === undefined || value === null ? null : token(value, 'refreshToken', REFRESH_TOKEN);
}

/** Epoch ms, or null for unknown. */
function moment(value, origin) {
  if (typeof value !== 'number' || !(value > 0 && value <= LAST_DATE_MS)) return null;
  const now = Date.now();
  // A new token that is expired already is a wrong clock or a wrong unit; believing it would refresh for ever.
  if (origin === 'refresh' && value <= now) return null;
  return Math.min(Math.floor(value), now + MAX_LIFETIME_MS);
}

/** Seconds from now, as a number or its decimal text. A stored lifetime says nothing: it began at an unknown time. */
function lifetime(value, origin) {
  if (origin === 'store') return null;
  const seconds = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof seconds !== 'number' || !(seconds > 0)) return null;
  return moment(Date.now() + seconds * 1000, origin);
}

function toJson(extra) {
  let json;
  try {
    json = JSON.stringify(extra);
  } catch (cause) {
    throw new MalformedTokens('extra fields must be JSON', { cause });
  }
  return json === '{}' ? null : json;
}

/** A fresh plain object for the user. Made from entries: assigning could meet a setter that was put on every object. */
function writeTokens({ accessToken, refreshToken, expiresAt, extra }) {
  const entries = Object.entries(JSON.parse(extra ?? '{}'));
  // `__proto__` would set the prototype in a user's Object.assign.
  const others = entries.filter(([key]) => key !== '__proto__');
  const own = [['accessToken', accessToken]];
  if (typeof refreshToken === 'string') own.push(['refreshToken', refreshToken]);
  if (typeof expiresAt === 'number') own.push(['expiresAt', expiresAt]);
  // Of two entries with one key, the first gives the place and the last the value.
  return Object.fromEntries([...own, ...others, ...own]);
}

/** As the addon takes them: absent is undefined there, never null. */
function nativeTokens({ accessToken, refreshToken, expiresAt, extra }) {
  return {
    accessToken,
    refreshToken: refreshToken ?? undefined,
    expiresAt: expiresAt ?? undefined,
    extra: extra ?? undefined,
  };
}

/** As the addon gives them: [accessToken, refreshToken, expiresAt, extra], absent is null. */
function tokensFromArray([accessToken, refreshToken, expiresAt, extra]) {
  return writeTokens({ accessToken, refreshToken, expiresAt, extra });
}

module.exports = { MalformedTokens, nativeTokens, readTokens, tokensFromArray, writeTokens };
