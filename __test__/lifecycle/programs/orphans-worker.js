'use strict';

const { parentPort } = require('node:worker_threads');
const { connect, settings } = require('./program.js');
const { refreshByHttp } = require('../../support/refresh.js');
const { waiter } = require('./orphans-waiter.js');

const say = (name, value) => parentPort.postMessage([name, value]);
const never = new Promise(() => {});
const inside = () => {
  say('inside');
  return never;
};

/** The callbacks of the first worker, by where it stays for ever. */
const STAGES = {
  'being read': { getTokens: inside },
  'about to be read': { getTokens: () => never },
  refreshed: { refresh: inside },
  saved: { setTokens: inside },
};

function first() {
  const client = connect({
    share: 'orphans',
    tokens: undefined,
    refresh: refreshByHttp(settings.tokenEndpoint),
    getTokens: async () => settings.tokens,
    setTokens: async () => {},
    ...STAGES[settings.stage],
  });
  client.get('/api/orders');
  if (settings.stage !== 'about to be read') return;
  // This thread goes no further, so that no callback of it is ever entered.
  say('inside');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

async function second() {
  const { outcomes, waiting } = waiter(connect);
  await waiting();
  say('waiting');
  say('outcomes', await outcomes);
}

({ first, second })[settings.role]();
