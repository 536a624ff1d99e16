'use strict';

// A program in which the platform's own functions are gone or broken, as test environments have it. What escapes for that
// is an uncaught exception, which this program survives.

const { setImmediate } = require('node:timers');
const { code, connect, report, settings } = require('./program.js');

const uncaught = [];
process.on('uncaughtException', (error) => uncaught.push(error.message));

function fail() {
  throw new Error('no');
}

const programs = {
  /** jsdom's test environment has none. */
  'no setImmediate': () => {
    delete globalThis.setImmediate;
    return { header: { format: fail } };
  },

  'no AbortController': () => {
    delete globalThis.AbortController;
    return {};
  },

  'an emitWarning that throws': () => {
    process.emitWarning = fail;
    return { onRefreshFailed: fail, refresh: fail };
  },
};

async function main() {
  const client = connect({ maxRetries: 0, ...programs[settings.does]() });
  const first = await client.get('/api/orders').catch(code);
  const { status } = await client.get('/api/orders', { skipAuthRefresh: true });
  // What escapes is thrown in a turn of the event loop of its own, which the second answer may come before.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  report({ first, then: status, uncaught });
}

main();
