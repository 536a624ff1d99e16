'use strict';

// Workers load the addon, and the main thread never does: they come and end one by one, share one client, and are terminated in the
// middle of their requests.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { startAuthServer } = require('token-rotator/testing');

const FILE = path.join(__dirname, 'thread.js');

function hire(server, share, more) {
  const { url, tokenEndpoint } = server;
  return new Worker(FILE, {
    workerData: { url, tokenEndpoint, share, tokens: server.login('ada'), ...more },
  });
}

async function main() {
  const server = await startAuthServer();
  for (let visit = 0; visit < 3; visit += 1) {
    const worker = hire(server, undefined, { requests: 5 });
    const [[statuses], [code]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
    assert.deepEqual([...statuses, code], [200, 200, 200, 200, 200, 0]);
  }

  server.expire();
  const tokens = server.login('bob');
  server.expire('bob');
  const { refreshes } = server.ledger.counts;
  const crew = Array.from({ length: 4 }, () => hire(server, 'crew', { requests: 5, tokens }));
  const ends = crew.map((worker) => Promise.all([once(worker, 'message'), once(worker, 'exit')]));
  const outcomes = (await Promise.all(ends)).map(([[statuses], [code]]) => [...new Set(statuses), code]);
  assert.deepEqual(outcomes, Array(4).fill([200, 0]));
  assert.equal(server.ledger.counts.refreshes, refreshes + 1);

  for (let ended = 0; ended < 6; ended += 1) {
    const worker = hire(server, ended % 2 === 0 ? 'crew' : undefined, { requests: Infinity });
    await once(worker, 'message');
    await worker.terminate();
  }
  assert.equal(server.ledger.counts.reuses, 0);
  await server.close();
}

main().then(() => console.log('done'));
