'use strict';

// A server that applies what is posted to it and keeps the books, while its connections are reset in every phase of a
// request and its tokens run out. By lot, but by the same lots for the same seed.

const { seeded } = require('../support/store.js');
const { KIB, bodyOf, reset, serve } = require('./support.js');

/** Where a request's connection is reset. */
const FATES = ['at the head', 'in the body', 'before the answer', 'in the answer', 'after the answer'];

/** What request `id` posts: a few bytes or more than any buffer holds, and never nothing. */
const contentOf = (id) => `${id}:${'x'.repeat(id % 25 === 0 ? 300 * KIB : id % 97)}`;

/**
 * A `share` of the requests meets a fate, and a token is good for `lifetime` requests, or more: nobody is refused a third time,
 * for then the refusal is the caller's. `deduplicate`: by idempotency key.
 *
 * `books`: `applied`, how often each id was; `wrong`, ids whose body was not theirs; `fates`, `refused`, `rotations` and
 * `reuses`, how often each happened. `options` are those of a client that begins with this server's token.
 */
async function serveLedger(transport, { seed, share, lifetime, deduplicate = false }) {
  const random = seeded(seed);
  const fates = Object.fromEntries(FATES.map((fate) => [fate, 0]));
  const books = { applied: new Map(), wrong: [], fates, refused: 0, rotations: 0, reuses: 0 };
  const answers = new Map();
  const refusals = new Map();
  /** Whose third sending is on its way. */
  const last = new Set();
  let left = lifetime;

  function apply(id, key, text) {
    if (deduplicate && answers.has(key)) return answers.get(key);
    if (text !== contentOf(id)) books.wrong.push(id);
    books.applied.set(id, (books.applied.get(id) ?? 0) + 1);
    answers.set(key, `applied ${id}`);
    return `applied ${id}`;
  }

  function refuses(id, authorization, isLast) {
    left -= 1;
    const outlives = left >= 0 || isLast || last.size > 0;
    if (outlives && authorization === `Bearer ${books.rotations}`) return false;
    books.refused += 1;
    refusals.set(id, (refusals.get(id) ?? 0) + 1);
    if (refusals.get(id) === 2) last.add(id);
    return true;
  }

  const server = await serve(transport, async (request, response) => {
    const { 'x-request-id': id, 'idempotency-key': key, authorization } = request.headers;
    const isLast = last.delete(id);
    const fate = random() < share ? FATES[Math.floor(random() * FATES.length)] : undefined;
    const meets = (phase) => fate === phase && (books.fates[phase] += 1) > 0;
    if (meets('at the head')) return reset(request);
    if (meets('in the body')) return request.once('data', () => reset(request));
    if (refuses(id, authorization, isLast)) {
      // Half of the time without a look at the body.
      if (random() < 0.5) await bodyOf(request);
      return response.writeHead(401).end();
    }
    const { bytes, complete } = await bodyOf(request);
    if (!complete) return;
    const answer = apply(Number(id), key, String(bytes));
    if (meets('before the answer')) return reset(request);
    response.writeHead(200, { 'content-length': answer.length });
    if (meets('in the answer')) return response.write(answer.slice(0, 5), () => reset(request));
    // Whatever comes next on this connection is never read.
    response.end(answer, () => setImmediate(() => meets('after the answer') && reset(request)));
  });

  const tokens = { accessToken: '0', refreshToken: 'refresh 0' };
  const refresh = (refreshToken) => {
    // Good once.
    if (refreshToken !== `refresh ${books.rotations}`) books.reuses += 1;
    books.rotations += 1;
    left = lifetime;
    return { accessToken: `${books.rotations}`, refreshToken: `refresh ${books.rotations}` };
  };
  return { ...server, options: { ...server.options, tokens, refresh }, books };
}

module.exports = { contentOf, serveLedger };
