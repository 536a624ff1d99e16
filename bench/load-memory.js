'use strict';

// What it costs in memory when requests pile up behind one refresh that does not end.

const { setTimeout: sleep } = require('node:timers/promises');

const { restingSize, watchPeak } = require('./resident.js');

/** The queue is complete when the event loop has had nothing to do for this long. */
const IDLE_MS = 300;
const IDLE_UTILIZATION = 0.05;

async function memory(get, gate, { path, requests }) {
  const before = await restingSize();
  const peak = watchPeak();
  try {
    // The first request finds the token expired and starts the refresh; the others come while it is under way.
    const refreshing = gate.hold();
    const first = get(path);
    await Promise.race([refreshing, first]);
    const all = [first, ...Array.from({ length: requests - 2 }, () => get(path))];
    const abort = new AbortController();
    const doomed = get(path, abort.signal);
    await idle();
    const waiting = process.memoryUsage.rss();
    const waitingPeak = peak.read();
    const abortMs = await timeToAbort(abort, doomed);

    gate.release();
    const outcomes = await Promise.allSettled(all);
    const drainedPeak = peak.read();
    const failed = outcomes.filter(({ status }) => status === 'rejected').length;
    all.length = 0;
    outcomes.length = 0;
    return { before, waiting, waitingPeak, drainedPeak, after: await restingSize(), failed, abortMs };
  } finally {
    peak.stop();
  }
}

/** How long one of those that wait takes to reject after its abort; Infinity if it does not within a second. */
async function timeToAbort(abort, doomed) {
  const begun = performance.now();
  const rejected = doomed.then(
    () => Infinity,
    () => performance.now() - begun,
  );
  abort.abort();
  return Promise.race([rejected, sleep(1000, Infinity)]);
}

async function idle() {
  for (;;) {
    const from = performance.eventLoopUtilization();
    await sleep(IDLE_MS);
    if (performance.eventLoopUtilization(from).utilization < IDLE_UTILIZATION) return;
  }
}

module.exports = { memory };
