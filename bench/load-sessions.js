'use strict';

// Many sessions held by one client, and requests that go round them.

const http = require('node:http');
const { once } = require('node:events');
const { setFlagsFromString } = require('node:v8');

const { restingSize } = require('./resident.js');

/** Logins asked for at once, so that the answer of the server is small beside what is measured. */
const LOGINS = 500;

/**
 * Logs `sessions` in and sends one request in each. Gives `inTurn(path)`, a request in the next of them, and `perSession`:
 * bytes of resident size for each, which says nothing of a single one and is left out there.
 */
async function hold(client, origin, { path, concurrency, sessions }) {
  const held = [];
  const logIn = async (count) => {
    const pairs = await logins(origin, Math.min(LOGINS, count));
    const first = held.length;
    held.push(...(await Promise.all(pairs.map((tokens, i) => client.login(`user:${first + i}`, tokens)))));
  };
  fillYoungGeneration();
  // Files that load with the first login, and memory that logins need for a moment, are no session's.
  const warm = Math.min(LOGINS, sessions >> 1);
  if (warm > 0) await logIn(warm);
  const before = await compactedSize();
  while (held.length < sessions) await logIn(sessions - held.length);

  let next = 0;
  const inTurn = (path) => client.getAs(held[next++ % held.length], path);
  const loop = async () => {
    while (next < sessions) await inTurn(path);
  };
  await Promise.all(Array.from({ length: concurrency }, loop));

  const after = await compactedSize();
  return { inTurn, ...(sessions > 1 && { perSession: (after - before) / (sessions - warm) }) };
}

/** Without the holes that garbage leaves in V8's pages: they weigh 1 to 8 MB by chance, while as many sessions live. */
async function compactedSize() {
  setFlagsFromString('--compact-on-every-full-gc');
  try {
    return await restingSize();
  } finally {
    setFlagsFromString('--no-compact-on-every-full-gc');
  }
}

/** V8 lets its young generation grow once, by 30 MB and more in any program that makes objects, and keeps it. */
function fillYoungGeneration() {
  let kept = [];
  for (let made = 0; made < 2e7; made++) {
    kept.push({ made });
    if (kept.length > 3e5) kept = [];
  }
}

async function logins(origin, count) {
  const request = http.request(`${origin}/control/logins?count=${count}`, { method: 'POST', agent: false });
  const [response] = await once(request.end(), 'response');
  const pairs = JSON.parse((await response.setEncoding('utf8').toArray()).join(''));
  return pairs.map((pair) => ({ accessToken: pair.access_token, refreshToken: pair.refresh_token }));
}

module.exports = { hold };
