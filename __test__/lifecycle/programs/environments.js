'use strict';

// More than one JavaScript environment in a process, each with the addon of its own; see `threads.test.js`.

const { Worker } = require('node:worker_threads');
const { connect, report, settings } = require('./program.js');

/** A worker that makes a request on an expired token and has then nothing left to do; its status and exit code. */
function visit() {
  const worker = new Worker(require.resolve('./environments-worker.js'), { workerData: settings });
  let status;
  worker.on('message', (message) => (status = message));
  return new Promise((resolve, reject) => {
    worker.once('error', reject).once('exit', (code) => resolve(`${status}, ${code}`));
  });
}

async function main() {
  const inMain = settings.main ? connect() : null;
  const get = async () => (await inMain.get('/api/orders')).status;
  const visits = new Set();
  const statuses = new Set();
  if (inMain) statuses.add(await get());
  for (let index = 0; index < settings.visits; index += 1) {
    visits.add(await visit());
    if (inMain) statuses.add(await get());
  }
  report({ visits: [...visits], statuses: [...statuses] });
}

main();
