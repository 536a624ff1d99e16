'use strict';

// Ends worker threads in the middle of their traffic, `settings.rounds` × `settings.width` of them, each at another
// moment: before the addon is loaded, while it is being loaded, and after more and more answers. Some of their sessions
// are shared with the main thread. Reports what the main thread's clients saw, the one of its own and the one that shares.

const { Worker } = require('node:worker_threads');
const { code, connect, report, settings } = require('./program.js');

/** Resolves with the worker's exit code; for one that may not have begun, that is Node's to choose. */
function terminated(index) {
  const answers = (index % 16) - 1;
  const workerData = { ...settings, tokens: settings.logins[index % settings.logins.length], index };
  const worker = new Worker(require.resolve('./busy-worker.js'), { workerData });
  let left = answers;
  worker.on('message', () => {
    left -= 1;
    if (left === 0) worker.terminate();
  });
  if (answers === -1) worker.terminate();
  if (answers === 0) worker.once('online', () => worker.terminate());
  return new Promise((resolve, reject) => {
    worker.once('error', reject).once('exit', (exit) => resolve(answers > 0 ? exit : null));
  });
}

async function main() {
  const clients = [connect(), connect({ share: 'all' })];
  const codes = new Set();
  const seen = clients.map(() => new Set());
  for (let round = 0; round < settings.rounds; round += 1) {
    const width = Array.from({ length: settings.width }, (_, i) => terminated(round * settings.width + i));
    for (const exit of await Promise.all(width)) if (exit !== null) codes.add(exit);
    for (const [i, client] of clients.entries()) {
      seen[i].add(await client.get('/api/orders').then((answer) => answer.status, code));
    }
  }
  const [own, shared] = seen.map((outcomes) => [...outcomes].sort());
  report({ codes: [...codes], own, shared });
}

main();
