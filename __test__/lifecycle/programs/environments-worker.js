'use strict';

const { parentPort } = require('node:worker_threads');
const { connect, settings } = require('./program.js');
const { startAuthServer } = require('../../../lib/testing.js');
const { refreshByHttp } = require('../../support/refresh.js');

async function main() {
  const server = await startAuthServer();
  const tokens = server.login();
  server.expire();
  const refresh = refreshByHttp(server.tokenEndpoint);
  const own = connect({ baseURL: server.url, tokens, refresh });
  const shared = connect({ share: 'threads' });
  const [mine, ours] = await Promise.all([own.get('/api/orders'), shared.get('/api/orders')]);
  parentPort.postMessage(`${mine.status} ${ours.status}`);
  await server.close();
}

if (settings) main();
