'use strict';

// A whole program: one request on an expired token, whose error is handled. Ends by itself, or by what nobody handled.
// Started by fork with the name of a way, and what is to happen.

const axios = require('axios');
const { WAYS } = require('./ways.js');
const { deferred, failure, refreshAt, storage } = require('./wiring.js');

const [name, what] = process.argv.slice(2);
const [, way] = WAYS.find(([each]) => each === name);

process.once('message', async ({ server, tokens }) => {
  process.disconnect();
  const adapter = way.adapter(server);
  const api = axios.create({ baseURL: server.url, ...(adapter && { adapter }) });
  const started = deferred();
  const going = deferred();
  const { uninstall } = way.library.installAuthRefresh(api, {
    ...storage(tokens).callbacks,
    refresh: async (refreshToken) => {
      started.resolve();
      if (what === 'uninstalled') await going.promise;
      return refreshAt(server)(refreshToken);
    },
    isSessionExpired: ({ status }) => status === 401,
    isRefreshFailureTerminal: () => false,
    ...(what === 'no tries left' && { maxRetries: 0 }),
  });
  await new Promise(setImmediate);
  const failed = failure(api.get('/api/orders'));
  if (what === 'uninstalled') {
    await started.promise;
    uninstall();
    going.resolve();
  }
  const error = await failed;
  console.log(error.response?.status ?? error.name);
});
