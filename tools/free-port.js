'use strict';

const { once } = require('node:events');
const { createServer } = require('node:net');

/** A port that is free now, for servers that cannot choose one themselves. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

module.exports = { freePort };
