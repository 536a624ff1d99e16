'use strict';

// Calls of a function that answers with a promise and need not leave the thread for it.

const { setImmediate: turn } = require('node:timers/promises');

const { startMeter } = require('./meter.js');

/** Calls between two turns of the event loop: answers that are there at once would never let it turn. */
const CALLS = 6400;

async function calls(call, { batch, ms }) {
  const stopMeter = startMeter();
  const end = performance.now() + ms;
  const pending = new Array(batch);
  let made = 0;
  while (performance.now() < end) {
    for (let left = CALLS; left > 0; left -= batch) {
      for (let i = 0; i < batch; i++) pending[i] = call();
      for (const promise of pending) await promise;
    }
    made += CALLS;
    await turn();
  }
  const cost = stopMeter();
  return {
    throughput: (made / cost.ms) * 1000,
    cpuUs: cost.cpuUs / made,
    loopUs: cost.loopUs / made,
    threadUs: cost.threadUs / made,
  };
}

module.exports = { calls };
