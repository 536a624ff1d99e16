'use strict';

// Tells when the machine stands still. Each process writes a small file as the store does, all the time, and tells how long a write
// took. If these writes are quick, a store that is late is at fault itself.

const { open, rename } = require('node:fs/promises');
const path = require('node:path');
const { performance } = require('node:perf_hooks');
const { setTimeout: pause } = require('node:timers/promises');

/**
 * The share of a lease from which a write counts as a standstill: half of what a call of the store may take (rule 3.4), because such a
 * call writes more, and may begin later.
 */
const STALLED = 1 / 8;
const EVERY_MS = 50;
const BYTES = Buffer.alloc(1024);

/** Writes `name` in `folder` until `isOver()`. `tell(ms)` is called with each write that took so long. */
async function watchStalls({ folder, ms: reported }, name, isOver, tell) {
  const file = path.join(folder, name);
  for (let begun = performance.now(); !isOver(); begun = performance.now()) {
    // With the pause, because a process without processor time cannot end that either.
    await pause(EVERY_MS);
    await write(folder, file);
    const ms = performance.now() - begun - EVERY_MS;
    if (ms >= reported) tell(ms);
  }
}

async function write(folder, file) {
  await synced(`${file}.next`, 'w', (handle) => handle.write(BYTES));
  await rename(`${file}.next`, file);
  await synced(folder, 'r', () => {});
}

async function synced(file, flags, change) {
  const handle = await open(file, flags);
  try {
    await change(handle);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

module.exports = { STALLED, watchStalls };
