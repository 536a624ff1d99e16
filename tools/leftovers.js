'use strict';

// The processes and folders of a program end with the program, also if it is killed. Its watchdog is told of each, and ends those
// that are left when the program is gone.

const { fork, spawn } = require('node:child_process');
const { mkdtemp, rm } = require('node:fs/promises');
const os = require('node:os');
const path = require('node:path');

let watchdog;

/**
 * Starts a program, and ends it with this one. `endWith`: the signal that ends it and its own processes. With the option `detached`, which
 * gives it a group, the whole group ends.
 */
function start(file, args, options, endWith = 'SIGKILL') {
  return watched(spawn(file, args, options), endWith, options?.detached);
}

/** Ends a program that was started as `detached`, and its own processes. */
function endGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group has ended.
  }
}

/** Starts a module as a process with a channel, and ends it with this one. */
function startModule(file, args = [], options = {}) {
  return watched(fork(file, args, options), 'SIGKILL');
}

/** Resolves with a new folder below the system's temporary one. `remove` removes it, and so does the end of this program. */
async function makeFolder(prefix) {
  const folder = await mkdtemp(path.join(os.tmpdir(), prefix));
  tell({ add: folder, folder: true });
  return folder;
}

async function remove(folder) {
  await rm(folder, { recursive: true, force: true });
  tell({ drop: folder });
}

function watched(child, signal, isGroup = false) {
  // It could not be started, and `error` will tell.
  if (child.pid === undefined) return child;
  // To the system, a negative id is that of a group.
  const pid = isGroup ? -child.pid : child.pid;
  tell({ add: pid, signal });
  // Else the watchdog would end another process that gets the same id.
  child.once('exit', () => tell({ drop: pid }));
  return child;
}

function tell(message) {
  watchdog ??= startWatchdog();
  watchdog.stdin.write(`${JSON.stringify(message)}\n`);
}

function startWatchdog() {
  // In a group of its own, because Ctrl-C in a terminal ends the whole group of this program.
  const child = spawn(process.execPath, [path.join(__dirname, 'watchdog.js')], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.unref();
  child.stdin.unref();
  return child;
}

module.exports = { endGroup, makeFolder, remove, start, startModule };
