'use strict';

// A process lives until its last request is answered, also while nothing else keeps it running; then it ends, although the client was
// never closed. The server is in a thread of its own that keeps nothing running.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { TokenClient } = require('token-rotator');

async function main() {
  const worker = new Worker(path.join(__dirname, 'serve.js'), { workerData: 'serve' });
  const [{ url: baseURL, tokenEndpoint, tokens }] = await once(worker, 'message');
  worker.unref();
  const grant = { type: 'refresh_token', tokenEndpoint, clientId: 'smoke' };
  const client = new TokenClient({ baseURL, grant, tokens });
  globalThis.kept = client;
  const statuses = [];
  for (let request = 0; request < 3; request += 1) statuses.push((await client.get('/api/orders')).status);
  assert.deepEqual(statuses, [200, 200, 200]);
}

main().then(() => console.log('done'));
