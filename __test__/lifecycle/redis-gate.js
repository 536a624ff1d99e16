'use strict';

// Stands between a program and Redis. Once it is armed, it keeps the next write to itself: the program gets no answer, until the
// gate drops the connection and lets the next one through.

const { once } = require('node:events');
const { connect, createServer } = require('node:net');

/** `url`: for the option `store`. `arm`: resolves with the next write kept. `release`: drops the connection of that write. */
async function startGate(redisUrl) {
  const target = Number(new URL(redisUrl).port);
  const sockets = new Set();
  let armed;
  let kept;
  const server = createServer((program) => {
    const redis = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [program, redis],
      [redis, program],
    ]) {
      sockets.add(from);
      from.on('error', () => {}).on('close', () => to.destroy());
    }
    redis.on('data', (chunk) => program.write(chunk));
    program.on('data', (chunk) => {
      if (armed !== undefined && chunk.includes('EVAL')) {
        kept = program;
        armed();
        armed = undefined;
      }
      if (kept !== program) redis.write(chunk);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${server.address().port}`,
    arm: () => new Promise((resolve) => (armed = resolve)),
    release: () => kept.destroy(),
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

module.exports = { startGate };
