'use strict';

// Ends itself in the middle of its traffic, in the way and at the moment its settings name.

const { Worker, isMainThread } = require('node:worker_threads');
const { connect, settings, traffic } = require('./program.js');

const endings = {
  exit: () => process.exit(7),
  throw: () => {
    throw new Error('thrown under traffic');
  },
};

let left = settings.answers;
const client = connect({ refreshAhead: 0 });

traffic(client, 32, () => {
  left -= 1;
  // Outside of the promise whose rejection `traffic` would see.
  if (left === 0) setImmediate(endings[settings.ending]);
});
(async () => {
  for (;;) await client.rotate().catch(() => new Promise(setImmediate));
})();

if (isMainThread && settings.workers > 0) {
  for (let index = 0; index < settings.workers; index += 1) {
    const workerData = { ...settings, index };
    new Worker(require.resolve('./busy-worker.js'), { workerData });
  }
}
