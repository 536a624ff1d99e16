'use strict';

// Runs `ending.js` in a worker thread and reports how that ended, and that the main thread's client still works.

const { Worker } = require('node:worker_threads');
const { connect, report, settings } = require('./program.js');

async function main() {
  const client = connect();
  const worker = new Worker(require.resolve('./ending.js'), { workerData: settings });
  let error = null;
  worker.on('error', ({ message }) => (error = message));
  const code = await new Promise((resolve) => worker.once('exit', resolve));
  report({ code, error, status: (await client.get('/api/orders')).status });
}

main();
