'use strict';

// One replica of a service: a process of its own, a worker of cluster.js or of PM2, or the one process of a container. On SIGTERM it
// finishes its requests and its rotation, and ends by itself. docs/shutdown.md explains each step.

const { once } = require('node:events');
const http = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');
const { connect } = require('./client.js');

const { PORT = '3000', LINGER_MS = '5000', GIVE_UP_MS = '25000' } = process.env;

const client = connect();
let ending = false;

const server = http.createServer(async (request, response) => {
  if (request.url === '/ready') return response.writeHead(ending ? 503 : 200).end();
  // Else a caller's idle connection would keep this process running.
  if (ending) response.setHeader('connection', 'close');
  try {
    const answer = await client.get('/api/orders');
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  } catch (error) {
    response.writeHead(error.retryable ? 503 : 502).end(error.code);
  }
});

async function shutDown() {
  if (ending) return;
  ending = true;
  // A request that hangs must not hold up the end for ever. `drainOnExit` saves a rotation all the same.
  setTimeout(() => process.exit(1), Number(GIVE_UP_MS)).unref();
  await sleep(Number(LINGER_MS));
  server.close();
  await once(server, 'close');
  await client.close();
  // The channel to the parent, which cluster and PM2 open, would keep the process running.
  if (process.connected) process.disconnect();
}

process.on('SIGTERM', shutDown);
process.on('SIGINT', shutDown);

server.listen(Number(PORT), () => {
  console.log(`listening on ${server.address().port}`);
  // For PM2's `wait_ready`.
  process.send?.('ready');
});
