'use strict';

// Is told to end while a rotation is under way. The client is in this thread, or in a worker thread whose main thread ends.

const http = require('node:http');
const { json } = require('node:stream/consumers');
const { Worker, isMainThread } = require('node:worker_threads');
const { connect, report, settings } = require('./program.js');

const endings = {
  exit: () => process.exit(0),
  throw: () => {
    throw new Error('thrown in a rotation');
  },
};

/** Not by fetch, whose parser is still being compiled when the program ends, and holds up its end. */
function refresh(refreshToken) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
  return new Promise((resolve, reject) => {
    const request = http.request(settings.tokenEndpoint, { method: 'POST', headers });
    request.on('response', (response) => resolve(json(response))).on('error', reject);
    request.end(`${form}`);
  });
}

/** A `refresh` that never answers. */
const never = () => {
  report({ refreshing: true });
  return new Promise(() => {});
};

function request() {
  const { options, brings } = settings;
  const bring = {
    refresh: { refresh },
    never: { refresh: never },
    grant: {
      refresh: undefined,
      grant: { type: 'refresh_token', tokenEndpoint: settings.tokenEndpoint, clientId: 'orders' },
    },
  };
  const client = connect({ ...options, ...bring[brings] });
  client.get('/api/orders').catch(() => {});
}

if (isMainThread) {
  process.once('message', endings[settings.ending]);
  process.on('exit', () => report({ exiting: true }));
  if (settings.inWorker) new Worker(__filename, { workerData: settings });
  else request();
} else {
  request();
}
