'use strict';

const { performance } = require('node:perf_hooks');

const PROGRESS_MS = 200;

/**
 * Keeps `callers` requests under way for `duration` ms. Each caller sends its next one when the last is answered,
 * and finishes the one it is at.
 */
async function runCallers(client, { callers, duration }, onProgress) {
  const traffic = { requests: 0, failures: 0, elapsed: 0, activeMs: 0, errors: new Map() };
  const start = performance.now();
  const loop = performance.eventLoopUtilization();
  const measure = () => {
    traffic.elapsed = performance.now() - start;
    traffic.activeMs = performance.eventLoopUtilization(loop).active;
    return traffic;
  };

  const ticker = setInterval(() => onProgress(measure()), PROGRESS_MS);
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      while (performance.now() - start < duration) {
        const problem = await call(client, caller);
        traffic.requests++;
        if (problem === null) continue;
        traffic.failures++;
        traffic.errors.set(problem, (traffic.errors.get(problem) ?? 0) + 1);
      }
    }),
  );
  clearInterval(ticker);
  return measure();
}

/** Null, or what went wrong. */
async function call(client, caller) {
  try {
    const response = await client.get(`/api/items/${caller}`);
    return response.status === 200 ? null : `status ${response.status}`;
  } catch (error) {
    return `${error.code ?? error.name}: ${error.message}`;
  }
}

module.exports = { runCallers };
