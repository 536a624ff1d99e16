'use strict';

// What a stretch of time cost this process.

const fs = require('node:fs');

/**
 * The function returned gives wall time (ms), CPU of all threads (µs), time the event loop was busy (µs), and CPU of
 * JavaScript's own thread (µs; NaN where the kernel does not tell). Busy time goes on while the thread waits for a
 * core, CPU time does not: where the two part, the machine was too full.
 */
function startMeter() {
  const cpu = process.cpuUsage();
  const thread = threadUs();
  const loop = performance.eventLoopUtilization();
  const time = performance.now();
  return () => {
    const ms = performance.now() - time;
    const { active } = performance.eventLoopUtilization(loop);
    const { user, system } = process.cpuUsage(cpu);
    return { ms, cpuUs: user + system, loopUs: active * 1000, threadUs: threadUs() - thread };
  };
}

/** The first thread of a Linux process has the process's id; its schedstat begins with nanoseconds on a core. */
function threadUs() {
  try {
    return Number(fs.readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
  } catch {
    return NaN;
  }
}

module.exports = { startMeter };
