'use strict';

// One process of lanes.js: a client whose tokens are in a directory that all of them use. It sends a request every few milliseconds, and
// tells when each began and ended, and how its rotations ended. Times are those of the system, ms.

const { tracingChannel } = require('node:diagnostics_channel');
const { setTimeout: sleep } = require('node:timers/promises');
const { TokenClient } = require('../../../index.js');

const { name, url, tokenEndpoint, directory, requests, everyMs } = JSON.parse(process.argv[2]);
const now = () => performance.timeOrigin + performance.now();

const client = new TokenClient({
  baseURL: url,
  grant: { type: 'refresh_token', tokenEndpoint, clientId: 'lanes' },
  store: { type: 'file', path: directory },
});

const rotations = [];
tracingChannel('token-rotator:rotation').asyncEnd.subscribe(({ startedAt, duration, outcome, attempts }) => {
  const begin = performance.timeOrigin + startedAt;
  rotations.push({ begin, end: begin + duration, outcome, attempts });
});

async function send(i, due) {
  // Since Node 24 a negative time is a warning, and a busy machine is late.
  await sleep(Math.max(0, due - performance.now()));
  const begin = now();
  const id = `${name} ${i}`;
  const { status } = await client.get('/api/orders', { headers: { 'x-request-id': id } });
  return { id, begin, end: now(), status };
}

process.on('message', async ({ login, go }) => {
  if (login) await client.setTokens(login);
  if (!go) return process.send({ done: true });
  await client.get('/api/before');
  const begin = performance.now() + 10;
  const sent = await Promise.all(Array.from({ length: requests }, (_, i) => send(i, begin + i * everyMs)));
  await client.close();
  process.send({ sent, rotations }, () => process.disconnect());
});
process.send({ done: true });
