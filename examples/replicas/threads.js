'use strict';

// Worker threads of one process. Each has a client of its own; the name `share` makes one session and one rotation of them. With a
// directory or Redis as the store, threads share without it.

const { once } = require('node:events');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const { connect } = require('./client.js');

const { THREADS = '4', JOBS = '100' } = process.env;

async function main() {
  const threads = Array.from({ length: Number(THREADS) }, () => new Worker(__filename));
  const counts = {};
  const share = Math.ceil(Number(JOBS) / threads.length);
  const statuses = await Promise.all(
    threads.map(async (thread) => {
      thread.postMessage({ jobs: share });
      return (await once(thread, 'message'))[0];
    }),
  );
  for (const status of statuses.flat()) counts[status] = (counts[status] ?? 0) + 1;
  console.log(JSON.stringify(counts));
}

async function thread() {
  const client = connect({ share: 'orders' });
  const [{ jobs }] = await once(parentPort, 'message');
  const answers = Array.from({ length: jobs }, () => client.get('/api/orders'));
  const settled = await Promise.allSettled(answers);
  parentPort.postMessage(settled.map(({ value, reason }) => value?.status ?? reason.code));
  await client.close();
}

if (isMainThread) main();
else thread();
