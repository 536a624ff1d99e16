'use strict';

// N loops, each waiting for its answer before it asks again. The same shape for every client.

const { setTimeout: sleep } = require('node:timers/promises');

const { startMeter } = require('./meter.js');
const { percentile } = require('./statistics.js');

/** Latencies kept per round; when more come, the newest overwrite the oldest. */
const SAMPLES = 1 << 20;

async function steady(get, { path, concurrency, settleMs, ms }) {
  const latencies = new Float64Array(SAMPLES);
  let requests = 0;
  let measuring = false;
  let stopped = false;

  async function loop() {
    let before = performance.now();
    while (!stopped) {
      await get(path);
      // One reading of the clock per request: the end of this one is the start of the next.
      const now = performance.now();
      if (measuring) latencies[requests++ % SAMPLES] = now - before;
      before = now;
    }
  }

  const loops = Promise.all(Array.from({ length: concurrency }, loop));
  try {
    // The loops end early only by failing, which ends the round.
    await Promise.race([loops, sleep(settleMs)]);
    const stopMeter = startMeter();
    measuring = true;
    await Promise.race([loops, sleep(ms)]);
    measuring = false;
    const cost = stopMeter();
    stopped = true;
    await loops;

    const sorted = latencies.subarray(0, Math.min(requests, SAMPLES)).sort();
    return {
      requests,
      throughput: (requests / cost.ms) * 1000,
      cpuUs: cost.cpuUs / requests,
      loopUs: cost.loopUs / requests,
      threadUs: cost.threadUs / requests,
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
    };
  } finally {
    stopped = true;
  }
}

module.exports = { steady };
