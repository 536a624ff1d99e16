'use strict';

// A worker thread with a client of its own. workerData: { at: { url, tokenEndpoint }, share, tokens?, store? }; `store`
// is a port to a store in the main thread. Takes { requests: n } and answers { statuses }; { login: tokens } answers
// { loggedIn }; { close: true } ends it.

const { parentPort, workerData } = require('node:worker_threads');
const { TokenClient } = require('../../index.js');
const { refreshByHttp } = require('./refresh.js');

const { at, share, tokens, store } = workerData;
const refresh = refreshByHttp(at.tokenEndpoint);
const client = new TokenClient({ baseURL: at.url, share, refresh, ...(store ? remote(store) : { tokens }) });

parentPort.on('message', async ({ requests, login, close }) => {
  if (close) {
    await client.close();
    store?.close();
    return parentPort.close();
  }
  if (login) {
    await client.setTokens(login);
    return parentPort.postMessage({ loggedIn: true });
  }
  const responses = Array.from({ length: requests }, () => client.get('/api/orders'));
  const statuses = (await Promise.allSettled(responses)).map(
    ({ value, reason }) => value?.status ?? reason.code,
  );
  parentPort.postMessage({ statuses });
});

/** The callbacks of the main thread's store. */
function remote(port) {
  const asked = new Map();
  let last = 0;
  port.on('message', ({ number, result }) => {
    asked.get(number)(result);
    asked.delete(number);
  });
  const ask = (name, ...args) =>
    new Promise((resolve) => {
      last += 1;
      asked.set(last, resolve);
      port.postMessage({ number: last, name, args });
    });
  return {
    getTokens: (session) => ask('getTokens', session),
    setTokens: (value, session) => ask('setTokens', value, session),
  };
}
