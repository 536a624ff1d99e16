'use strict';

// A worker drops its clients and ends, whether they were collected before or not. Their sessions end with it: a client of the main
// thread, which shares them, counts only its own.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { Worker, isMainThread } = require('node:worker_threads');
const { TokenClient } = require('token-rotator');

const WORKERS = 3;
const CLIENTS = 10;
/** No measure of speed: it comes before the harness would end a process that waits for ever. */
const NEVER_MS = 10_000;

const makeClient = () => new TokenClient({ share: 'crew', refresh: () => ({ accessToken: 'any' }) });

async function work() {
  for (let i = 0; i < CLIENTS; i += 1) {
    await makeClient().session(`guest:${i}`).setTokens({ accessToken: 'any', refreshToken: 'any' });
  }
}

async function main() {
  const client = makeClient();
  for (let i = 0; i < WORKERS; i += 1) {
    const [code] = await once(new Worker(__filename), 'exit');
    assert.equal(code, 0);
  }
  const deadline = Date.now() + NEVER_MS;
  while (client.stats().sessions > 1 && Date.now() < deadline) await sleep(10);
  assert.equal(client.stats().sessions, 1);
}

if (isMainThread) main().then(() => console.log('done'));
else work();
