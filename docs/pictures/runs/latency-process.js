'use strict';

// One process of latency.js: a client of the bench that is sent a request at fixed times, whatever became of those before. Answers
// with the beginning and the duration of each, ms.

const { setTimeout: sleep } = require('node:timers/promises');
const { loadPeer } = require('../../../bench/peers/index.js');
const { refreshTokens } = require('../../../bench/refresh.js');

const { peer, origin, tokens, everyMs, requests } = JSON.parse(process.argv[2]);

const client = loadPeer(peer).create({
  ...{ origin, sockets: 64, tokens },
  refresh: (refreshToken) => refreshTokens(origin, refreshToken),
});

/** Counted from the time when the request was due, so that a busy event loop does not hide behind its own delay. */
async function send(due) {
  // Since Node 24 a negative time is a warning, and a busy machine is late.
  await sleep(Math.max(0, due - performance.now()));
  const isServed = await client.get('/api/orders').then(
    () => true,
    () => false,
  );
  return { at: performance.timeOrigin + due, ms: performance.now() - due, isServed };
}

async function main() {
  for (let i = 0; i < 200; i++) await client.get('/api/orders');
  process.send({ warm: true });
  await new Promise((resolve) => process.once('message', resolve));
  const begin = performance.now() + 20;
  const sent = await Promise.all(Array.from({ length: requests }, (_, i) => send(begin + i * everyMs)));
  process.send({ sent }, () => process.exit());
}

main();
