'use strict';

// What the programs have in common. Their settings come from the test: as an argument, or as a worker's data.

const { once } = require('node:events');
const { writeSync } = require('node:fs');
const path = require('node:path');
const { isMainThread, workerData } = require('node:worker_threads');
const { refreshByHttp } = require('../../support/refresh.js');

const settings = isMainThread ? JSON.parse(process.argv[2]) : workerData;

// Not at the top: some programs must not have loaded the addon in their main thread.
const addon = () => require(path.join(__dirname, '../../../index.js'));

function connect(options) {
  const { url: baseURL, tokens, tokenEndpoint } = settings;
  return new (addon().TokenClient)({ baseURL, tokens, refresh: refreshByHttp(tokenEndpoint), ...options });
}

/** Keeps `count` requests under way for as long as the process lives; `answered` is called after each. */
function traffic(client, count, answered = () => {}) {
  const caller = async () => {
    for (;;) {
      // A lost session answers at once: without the pause nothing else would ever run.
      await client.get('/api/orders').catch(() => new Promise(setImmediate));
      answered();
    }
  };
  for (let i = 0; i < count; i += 1) caller();
}

/** What the test reads. Synchronous, so that it is out before the process ends. */
function report(facts) {
  writeSync(1, `${JSON.stringify(facts)}\n`);
}

/** The test's go-ahead. Waiting for it does not keep the process running. */
async function told() {
  const message = once(process, 'message');
  process.channel.unref();
  await message;
}

/** A wait that does not keep the process running. */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

const code = (error) => error?.code ?? String(error);

module.exports = { addon, code, connect, pause, report, settings, told, traffic };
