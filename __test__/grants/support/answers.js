'use strict';

// Token endpoint's answers of every shape, made from a seed: statuses, content types and bodies, as servers send them and as they
// should not. Each token in them has MARK in it.

const MARK = 'S3cr3tM4rk';

const STATUSES = [
  200, 200, 200, 200, 200, 200, 200, 201, 202, 302, 307, 400, 400, 401, 403, 404, 429, 500, 503,
];
const CONTENT_TYPES = [
  ...['application/json', 'application/json', 'application/json;charset=UTF-8', 'text/html', 'text/plain'],
  ...['application/x-www-form-urlencoded', 'application/problem+json', undefined],
];
/** How the body is sent. `cut`: the connection ends before the length that the head says. */
const DELIVERIES = ['whole', 'whole', 'chunked', 'slow', 'cut'];

const access = (n) => `a${n}-${MARK}`;
const refresh = (n) => `r${n}-${MARK}`;
const nested = (depth) => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

const good = (n) => ({
  access_token: access(n),
  token_type: 'Bearer',
  expires_in: 3600,
  refresh_token: refresh(n),
});
const text = (fields) => JSON.stringify(fields);
const put = (n, fields) => text({ ...good(n), ...fields });
const without = (n, name) => text({ ...good(n), [name]: undefined });

/** Name → body. */
const BODIES = {
  good: (n) => text(good(n)),
  'good, again': (n) => text(good(n)),
  'good, indented': (n) => `\r\n ${JSON.stringify(good(n), null, 2)}\n`,
  'no refresh token': (n) => without(n, 'refresh_token'),
  'no lifetime': (n) => without(n, 'expires_in'),
  'no token type': (n) => without(n, 'token_type'),
  'token type mac': (n) => put(n, { token_type: 'mac' }),
  'token type in capitals': (n) => put(n, { token_type: 'BEARER' }),
  'no access token': (n) => without(n, 'access_token'),
  'access token null': (n) => put(n, { access_token: null }),
  'access token empty': (n) => put(n, { access_token: '' }),
  'access token a number': (n) => put(n, { access_token: 7 }),
  'access token a list': (n) => put(n, { access_token: [access(n)] }),
  'access token with a space': (n) => put(n, { access_token: `a ${access(n)}` }),
  'access token with a line break': (n) => put(n, { access_token: `${access(n)}\r\nx: y` }),
  'access token beyond ASCII': (n) => put(n, { access_token: `ä${access(n)}` }),
  'access token with white space around it': (n) => put(n, { access_token: ` ${access(n)}\n` }),
  'access token with its scheme': (n) => put(n, { access_token: `Bearer ${access(n)}` }),
  'access token of 20 000 characters': (n) => put(n, { access_token: access(n).padEnd(20_000, 'x') }),
  'access token twice, equal': (n) => `{"access_token":"${access(n)}",${text(good(n)).slice(1)}`,
  'access token twice': (n) => `{"access_token":"b${access(n)}",${text(good(n)).slice(1)}`,
  'refresh token null': (n) => put(n, { refresh_token: null }),
  'refresh token empty': (n) => put(n, { refresh_token: '' }),
  'refresh token a number': (n) => put(n, { refresh_token: 7 }),
  'refresh token with a line break': (n) => put(n, { refresh_token: `${refresh(n)}\n${refresh(n)}` }),
  'lifetime as text': (n) => put(n, { expires_in: '3600' }),
  'lifetime with a fraction': (n) => put(n, { expires_in: 3599.5 }),
  'lifetime null': (n) => put(n, { expires_in: null }),
  'lifetime 0': (n) => put(n, { expires_in: 0 }),
  'lifetime negative': (n) => put(n, { expires_in: -1 }),
  'lifetime words': (n) => put(n, { expires_in: 'an hour' }),
  'lifetime an object': (n) => put(n, { expires_in: {} }),
  'scope a list': (n) => put(n, { scope: ['a', 'b'] }),
  'id token a number': (n) => put(n, { id_token: 7 }),
  'error null': (n) => put(n, { error: null }),
  'with __proto__': (n) => `{"__proto__":{"polluted":true},${text(good(n)).slice(1)}`,
  'deep nesting': (n) => put(n, { deep: nested(500) }),
  'very deep nesting': (n) => `{"deep":${'['.repeat(50_000)}${']'.repeat(50_000)},${text(good(n)).slice(1)}`,
  'half a surrogate pair': (n) => `{"odd":"\\ud800",${text(good(n)).slice(1)}`,
  'byte order mark': (n) => `\ufeff${text(good(n))}`,
  'above 256 KiB': (n) => put(n, { padding: 'x'.repeat(300_000) }),
  invalid_grant: () => text({ error: 'invalid_grant', error_description: `${MARK} is dead` }),
  invalid_client: () => text({ error: 'invalid_client' }),
  'an unknown error': () => text({ error: `${MARK}_error` }),
  'an error object': () => text({ error: { code: 'invalid_grant', message: MARK } }),
  'ok false': () => text({ ok: false, error: 'invalid_refresh_token' }),
  form: (n) => new URLSearchParams(good(n)).toString(),
  'an error as a form': () => 'error=bad_refresh_token&error_description=no',
  html: () => `<!doctype html><title>${MARK}</title>`,
  empty: () => '',
  'a list': (n) => text([good(n)]),
  'a text': () => text(MARK),
  null: () => 'null',
  truncated: (n) => text(good(n)).slice(0, -9),
  'something behind it': (n) => `${text(good(n))} ${MARK}`,
  'single quotes': (n) => text(good(n)).replaceAll('"', "'"),
};

/** A generator of numbers below `n`: mulberry32. */
function random(seed) {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % n;
  };
}

/** So many answers, in which every body comes as often as every other. */
function makeAnswers(count, seed) {
  const below = random(seed);
  const pick = (list) => list[below(list.length)];
  const names = Object.keys(BODIES);
  return Array.from({ length: count }, (_, n) => {
    const shape = names[n % names.length];
    const [status, contentType] = [pick(STATUSES), pick(CONTENT_TYPES)];
    const delivery = pick(DELIVERIES);
    return { n, shape, status, contentType, delivery, body: BODIES[shape](n) };
  });
}

module.exports = { MARK, access, makeAnswers, random, refresh };
