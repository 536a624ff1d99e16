'use strict';

// Is told to end while a rotation is under way. The client is in this thread, or in a worker thread whose main thread ends.

const { Worker, isMainThread } = require('node:worker_threads');
const { connect, report, settings } = require('./program.js');

const endings = {
  exit: () => process.exit(0),
  throw: () => {
    throw new Error('thrown in a rotation');
  },
};

/** A `refresh` that never answers. */
const never = () => {
  report({ refreshing: true });
  return new Promise(() => {});
};

function request() {
  const { options, brings } = settings;
  const bring = {
    refresh: {},
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
