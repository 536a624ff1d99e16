'use strict';

// The process that `npm run soak` watches: one client that sends and rotates, and clients that are made and closed. After each
// round, when nothing is under way, it tells what the process holds.

const { readFileSync, readdirSync } = require('node:fs');
const { TokenClient } = require('..');

const LOOPS = 16;

async function main({ baseURL, requests, rotations, clients, rounds }) {
  const grant = { type: 'client_credentials', tokenEndpoint: `${baseURL}/token`, clientId: 'soak' };
  const make = () => new TokenClient({ baseURL, grant });
  const lasting = make();
  let sent = 0;
  let rotated = 0;
  let made = 0;
  for (let round = 1; round <= rounds; round += 1) {
    while (rotated < (rotations * round) / rounds) {
      // All tokens are refused from here on, so that the next requests bring one rotation.
      await fetch(`${baseURL}/expire`, { method: 'POST' }).then((answer) => answer.text());
      rotated += 1;
      const until = Math.round((requests * rotated) / rotations);
      const loop = async () => {
        while (sent < until) {
          sent += 1;
          const answer = await lasting.get('/x');
          if (answer.status !== 200) throw new Error(`HTTP ${answer.status}`);
          await answer.text();
        }
      };
      await Promise.all(Array.from({ length: LOOPS }, loop));
    }
    for (; made < (clients * round) / rounds; made += 1) {
      const short = make();
      await (await short.get('/x')).text();
      await short.close();
    }
    await quiet();
    process.send({ sample: { requests: sent, rotations: rotated, clients: made, ...holds() } });
  }
  const stats = lasting.stats();
  await lasting.close();
  process.send({ done: { requests: sent, rotations: rotated, clients: made, stats } });
}

/** Closed connections leave the process a moment after their client. */
async function quiet() {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  globalThis.gc();
}

function holds() {
  return {
    rss: Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024,
    heap: process.memoryUsage().heapUsed,
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
    handles: process.getActiveResourcesInfo().length,
  };
}

process.once('message', (options) => {
  main(options).then(
    () => process.disconnect(),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
});
