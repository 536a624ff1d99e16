'use strict';

// Twenty requests at once on an expired token: one refresh, by Rust and by a function of the program, and every request is served.

const assert = require('node:assert/strict');
const { judge, start } = require('./start.js');

async function rotated(options) {
  const { server, client } = await start(options);
  for (let expiry = 1; expiry <= 3; expiry += 1) {
    server.expire();
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.get('/api/orders')));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    judge(server, expiry);
  }
  await client.close();
  await server.close();
}

/** With a store and hooks, so that Rust calls each kind of function. */
function callbacks() {
  const seen = { read: 0, written: 0, begun: 0, done: 0 };
  let held;
  const options = {
    grant: undefined,
    tokens: undefined,
    getTokens: async () => ((seen.read += 1), held),
    setTokens: async (tokens) => void ((seen.written += 1), (held = tokens)),
    onBeforeRefresh: () => void (seen.begun += 1),
    onRefreshed: () => void (seen.done += 1),
  };
  return { seen, options, hold: (tokens) => (held = tokens) };
}

async function main() {
  await rotated();

  const { seen, options, hold } = callbacks();
  const { server, client } = await start({
    ...options,
    refresh: (token, context) => refresh(server, token, context),
  });
  hold(server.login('bob'));
  server.expire();
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.get('/api/orders')));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  judge(server, 1);
  await client.close();
  await server.close();
  assert.deepEqual({ ...seen, read: seen.read > 0 }, { read: true, written: 1, begun: 1, done: 1 });
}

async function refresh({ tokenEndpoint }, refreshToken, { signal }) {
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
  const answer = await fetch(tokenEndpoint, { method: 'POST', body, signal });
  assert.equal(answer.status, 200);
  return answer.json();
}

main().then(() => console.log('done'));
