'use strict';

// The server of `ends.js`, a worker. The first request finds its token expired, and every answer takes a while.

const { parentPort, workerData } = require('node:worker_threads');
const { startAuthServer } = require('token-rotator/testing');

async function main() {
  const server = await startAuthServer({ latency: 100, apiLatency: 100 });
  const tokens = server.login('ada');
  server.expire();
  parentPort.postMessage({ url: server.url, tokenEndpoint: server.tokenEndpoint, tokens });
}

if (workerData === 'serve') main();
