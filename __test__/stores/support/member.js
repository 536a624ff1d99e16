'use strict';

// One client that shares a store with others: a worker thread or a process of its own. It is told { at, tokens, options }, with
// { port } for a register in the main thread, { postgres } for a table, or { recipe } for a store of examples/stores; then takes
// { requests: n } and answers { statuses }, { login: tokens } and answers { done }, { stats } and answers { stats }, { close } and ends.

const { parentPort, workerData } = require('node:worker_threads');
const { TokenClient } = require('../../../index.js');
const { refreshAt } = require('../../support/refresh.js');
const { postgresStore } = require('../../../lib/postgres.js');
const { remoteRegister } = require('./map-register.js');
const { openRecipe } = require('./recipes.js');

const isWorker = parentPort !== null;
const send = (message) => (isWorker ? parentPort.postMessage(message) : process.send(message));
let client;
/** What ends the connections that the store has. */
const ends = [];

function storeOf({ options, port, postgres, recipe }) {
  if (port !== undefined) return remoteRegister(port);
  if (recipe !== undefined) {
    const { store, end } = openRecipe(recipe.name, recipe.settings);
    ends.push(end);
    return store;
  }
  if (postgres === undefined) return options.store;
  const { Pool } = require('pg');
  const [pool, direct] = [new Pool(postgres.pool), new Pool(postgres.direct)];
  ends.push(
    () => pool.end(),
    () => direct.end(),
  );
  return postgresStore(pool, { listen: () => direct.connect() });
}

function make({ at, tokens, options, ...more }) {
  const store = storeOf({ options, ...more });
  client = new TokenClient({
    baseURL: at.url,
    refresh: refreshAt(at.tokenEndpoint),
    tokens,
    ...options,
    store,
  });
}

const orders = {
  make: (message) => make(message.make),
  async requests({ requests }) {
    const responses = Array.from({ length: requests }, () => client.get('/api/orders'));
    const settled = await Promise.allSettled(responses);
    return {
      statuses: settled.map(({ value, reason }) => value?.status ?? `${reason.code}: ${reason.message}`),
    };
  },
  login: ({ login }) => client.setTokens(login),
  stats: () => ({ stats: client.stats() }),
  async close() {
    await client.close();
    await Promise.all(ends.map((end) => end()));
    if (isWorker) parentPort.close();
    else process.disconnect();
  },
};

async function take(message) {
  const name = Object.keys(message)[0];
  const answer = await orders[name](message);
  if (name !== 'close') send(answer ?? { done: true });
}

if (isWorker) {
  make(workerData);
  parentPort.on('message', take);
} else {
  process.on('message', take);
}
