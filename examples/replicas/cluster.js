'use strict';

// As many processes as cores on one port, each with a client of its own. A worker that dies is replaced; SIGTERM ends all of them.

const cluster = require('node:cluster');
const { availableParallelism } = require('node:os');
const path = require('node:path');

const { REPLICAS = availableParallelism() } = process.env;
let ending = false;

cluster.setupPrimary({ exec: path.join(__dirname, 'service.js') });
for (let i = 0; i < Number(REPLICAS); i += 1) cluster.fork();

cluster.on('exit', (_worker, code, signal) => {
  if (ending) return;
  console.error(`a worker ended: ${signal ?? code}`);
  cluster.fork();
});

function shutDown() {
  ending = true;
  // `worker.kill()` would disconnect the worker first, and break off its requests.
  for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
}

process.on('SIGTERM', shutDown);
process.on('SIGINT', shutDown);
