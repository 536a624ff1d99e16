'use strict';

// A worker of `threads.js`: so many requests at once, and their statuses; or requests without end.

const { parentPort, workerData } = require('node:worker_threads');

async function main() {
  const { TokenClient } = require('token-rotator');
  const { url: baseURL, tokenEndpoint, share, tokens, requests } = workerData;
  const grant = { type: 'refresh_token', tokenEndpoint, clientId: 'smoke' };
  const client = new TokenClient({ baseURL, grant, share, tokens });
  if (requests === Infinity) {
    for (let i = 0; i < 8; i += 1) ask(client);
    return;
  }
  const answers = await Promise.all(Array.from({ length: requests }, () => client.get('/api/orders')));
  parentPort.postMessage(answers.map(({ status }) => status));
}

async function ask(client) {
  for (;;) {
    const { status } = await client.get('/api/orders');
    parentPort.postMessage(status);
  }
}

if (workerData) main();
