'use strict';

// Ends what another program has left behind. leftovers.js of that program tells by lines of JSON what there is. When its lines end,
// the program has ended, for whatever reason.

const { spawnSync } = require('node:child_process');
const { rm } = require('node:fs/promises');
const readline = require('node:readline');
const { setTimeout: pause } = require('node:timers/promises');

const LOOK_MS = 20;
/** Processes that have not ended by then are waited for no longer. */
const PATIENCE_MS = 5000;

/** Ids of processes and of groups with their signals, and folders. */
const left = { processes: new Map(), folders: new Set() };

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { add, drop, signal, folder } = JSON.parse(line);
    if (folder) left.folders.add(add);
    else if (add !== undefined) left.processes.set(add, signal);
    left.processes.delete(drop);
    left.folders.delete(drop);
  }
  for (const [pid, signal] of left.processes) send(pid, signal);
  const until = Date.now() + PATIENCE_MS;
  while ([...left.processes.keys()].some((pid) => send(pid, 0)) && Date.now() < until) await pause(LOOK_MS);
  for (const folder of left.folders) {
    // It may be a disk: see chaos/stores/small-disk.js.
    if (process.platform === 'linux') spawnSync('umount', ['--quiet', folder], { stdio: 'ignore' });
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** False if there is no such process. */
function send(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

main();
