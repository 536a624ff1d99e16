'use strict';

// 500 answers of a token endpoint, read by this package and by npm oauth4webapi. Where the two differ there is a reason, which is
// written here by name. Where this package rejects an answer, the store has the bytes that it had, and no error shows a token.

const { fork } = require('node:child_process');
const { once } = require('node:events');
const { createServer } = require('node:http');
const path = require('node:path');
const { inspect } = require('node:util');
const { TokenClient } = require('../../index.js');
const { MARK, access, makeAnswers, refresh } = require('./support/answers.js');

const COUNT = 500;
const HELD = { accessToken: `a-${MARK}-held`, refreshToken: `r-${MARK}-held` };

/** Why one reader accepts what the other rejects, or takes another token. Each must come at least once. */
const REASONS = {
  // ── this package accepts ──
  'any status 2xx is success': ({ status }) => status > 200 && status < 300,
  'a missing or unknown token type is bearer': ({ shape }) =>
    shape === 'no token type' || shape === 'token type mac',
  'null or an empty text is no refresh token': ({ shape }) =>
    shape === 'refresh token null' || shape === 'refresh token empty',
  'an unusable refresh token costs no access token': ({ shape }) =>
    shape === 'refresh token a number' || shape === 'refresh token with a line break',
  'a lifetime that is none is unknown': ({ shape }) =>
    /^lifetime (null|negative|words|an object)$/.test(shape),
  'other fields are kept unread': ({ shape }) => shape === 'scope a list' || shape === 'id token a number',
  'an answer that is a form is read': ({ shape }) => shape === 'form',
  'white space and the scheme are no part of a token': ({ shape }) =>
    /^access token with (white space around it|its scheme)$/.test(shape),
  // ── this package rejects ──
  'a token that no header can hold is none': ({ shape }) =>
    /^access token (with a space|with a line break|beyond ASCII|of 20 000 characters)$/.test(shape),
  'two access tokens that differ are none': ({ shape }) => shape === 'access token twice',
  'a body above 256 KiB is no answer': ({ shape }) => shape === 'above 256 KiB',
  'a body that breaks off is no answer': ({ delivery }) => delivery === 'cut',
};

let server;
let base;
let oracle;
const answers = makeAnswers(COUNT, 7);

beforeAll(async () => {
  // Else each of 500 clients would read that file.
  delete process.env.NODE_EXTRA_CA_CERTS;
  server = createServer((request, response) => {
    const answer = answers[Number(request.url.slice(1))];
    request.resume().on('end', () => send(response, answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${server.address().port}`;
  oracle = fork(path.join(__dirname, 'support/oauth4webapi.js'));
});

afterAll(async () => {
  oracle.disconnect();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function send(response, { status, contentType, delivery, body }) {
  const bytes = Buffer.from(body);
  response.statusCode = status;
  if (contentType !== undefined) response.setHeader('content-type', contentType);
  if (status >= 300 && status < 400) response.setHeader('location', '/0');
  if (delivery === 'cut') {
    response.setHeader('content-length', bytes.length + 1);
    response.write(bytes, () => response.destroy());
    if (bytes.length === 0) response.destroy();
    return;
  }
  if (delivery === 'whole') return response.end(bytes);
  const parts = delivery === 'slow' ? 5 : 2;
  for (let at = 0; at < parts; at += 1) {
    response.write(bytes.subarray((bytes.length * at) / parts, (bytes.length * (at + 1)) / parts));
    await new Promise(setImmediate);
  }
  response.end();
}

/** What this package makes of an answer: the tokens that it uses, or its error; and what the store has then. */
async function read(answer) {
  let stored = JSON.stringify(HELD);
  const warnings = [];
  const client = new TokenClient({
    baseURL: base,
    grant: { type: 'refresh_token', tokenEndpoint: `${base}/${answer.n}`, clientId: 'app' },
    getTokens: () => JSON.parse(stored),
    setTokens: (tokens) => {
      stored = JSON.stringify(tokens);
    },
    maxRetries: 0,
    onHookError: (error) => warnings.push(error),
  });
  try {
    const tokens = await client.rotate();
    return { tokens, stored, warnings };
  } catch (error) {
    return { error, stored, warnings };
  } finally {
    await client.close();
  }
}

async function opinions() {
  const readable = answers.map(({ status, contentType = null, body }) => ({ status, contentType, body }));
  oracle.send(readable);
  const [verdicts] = await once(oracle, 'message');
  return verdicts;
}

test('every answer is read as oauth4webapi reads it, or for a reason with a name', async () => {
  const verdicts = await opinions();
  const used = new Set();
  const unexplained = [];
  const accepted = [0, 0];
  // At once, because after a refusal each client reads its store three times more.
  const readings = await Promise.all(answers.map(read));
  for (const [n, { tokens, error, stored, warnings }] of readings.entries()) {
    const answer = answers[n];
    const ours = [tokens?.accessToken ?? null, tokens?.refreshToken ?? null];
    // Without a new refresh token the one held is kept.
    const theirs = verdicts[answer.n];
    if (theirs[0] !== null) theirs[1] ??= HELD.refreshToken;
    accepted[0] += ours[0] === null ? 0 : 1;
    accepted[1] += theirs[0] === null ? 0 : 1;
    if (ours[0] !== theirs[0] || ours[1] !== theirs[1]) {
      const reasons = Object.keys(REASONS).filter((name) => REASONS[name](answer));
      for (const name of reasons) used.add(name);
      if (reasons.length === 0) unexplained.push({ ...answer, body: undefined, ours, theirs });
    }
    if (tokens !== undefined) expect(ours[0]).toContain(access(answer.n));
    if (error !== undefined) {
      // The one thing that a failure may change: a refresh token that came without a usable access token takes the place of the
      // spent one.
      const kept = { ...HELD, refreshToken: refresh(answer.n) };
      const brought = error.code === 'ERR_REFRESH_MALFORMED' && answer.body.includes(refresh(answer.n));
      const allowed = [JSON.stringify(HELD), ...(brought ? [JSON.stringify(kept)] : [])];
      expect(allowed).toContain(stored);
      expect(error.code).toMatch(/^ERR_(REFRESH_FAILED|REFRESH_MALFORMED|SESSION_LOST)$/);
      const shown = inspect([error, error.cause], { depth: 8, showHidden: true }) + error.stack;
      expect(shown.includes(MARK)).toBe(false);
    }
    expect(warnings).toEqual([]);
  }
  expect(unexplained).toEqual([]);
  expect(Object.keys(REASONS).filter((name) => !used.has(name))).toEqual([]);
  // Else the generator makes nothing but errors.
  for (const count of accepted) expect(count).toBeGreaterThan(COUNT / 8);
}, 60_000);
