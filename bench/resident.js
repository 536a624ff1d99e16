'use strict';

// The resident size of this process.

const { setTimeout: sleep } = require('node:timers/promises');

/** Garbage collection and the allocator's return of pages need a moment before the resident size says anything. */
const REST_MS = 500;
const SAMPLE_MS = 20;

async function restingSize() {
  for (let times = 0; times < 2; times++) {
    globalThis.gc();
    await sleep(REST_MS);
  }
  return process.memoryUsage.rss();
}

/** `read()` is the largest size since the start, `stop()` ends the watch. */
function watchPeak() {
  let peak = 0;
  const read = () => (peak = Math.max(peak, process.memoryUsage.rss()));
  const sampler = setInterval(read, SAMPLE_MS);
  return { read, stop: () => clearInterval(sampler) };
}

module.exports = { restingSize, watchPeak };
