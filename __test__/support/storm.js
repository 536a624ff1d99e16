'use strict';

// A process of its own with one client, for tests that measure memory or speak of order: what the server costs is not
// in it. Started by fork; it is told what to do and answers each order with one message.
//
//   { at, tokens, options }   makes the client; `at` is the server's { url, tokenEndpoint }
//   { tokens }                logs in with other ones
//   { warmUp: n }             n requests at once, five times: opens the connections → { rss }
//   { storm: n }              n requests at once; answers when all of them wait → { waiting, rss }
//   { finish: true }          answers when all of them have ended → { ok, rss, stats }, and leaves

const { TokenClient } = require('../../index.js');
const { refreshAt } = require('./refresh.js');

let client;
let requests;

const orders = {
  at({ at, tokens, options }) {
    const refresh = refreshAt(at.tokenEndpoint);
    client = new TokenClient({ baseURL: at.url, refresh, tokens, timeout: 120_000, ...options });
    return {};
  },

  async tokens({ tokens }) {
    await client.setTokens(tokens);
    return {};
  },

  async warmUp({ warmUp }) {
    for (let time = 0; time < 5; time += 1)
      await Promise.all(Array.from({ length: warmUp }, () => get('warm')));
    return { rss: rss() };
  },

  async storm({ storm }) {
    requests = Array.from({ length: storm }, (_, at) => get(at));
    while (client.stats().queued < storm) await new Promise(setImmediate);
    return { waiting: client.stats().queued, rss: rss() };
  },

  async finish() {
    const statuses = await Promise.all(requests);
    requests = undefined;
    const ok = statuses.filter((status) => status === 200).length;
    return { ok, rss: rss(), stats: client.stats() };
  },
};

async function get(id) {
  const { status } = await client.get('/api/orders', { headers: { 'x-request-id': `${id}` } });
  return status;
}

function rss() {
  globalThis.gc();
  return process.memoryUsage.rss();
}

process.on('message', async (order) => {
  const name = Object.keys(order)[0];
  process.send(await orders[name](order), () => {
    if (name === 'finish') process.disconnect();
  });
});
