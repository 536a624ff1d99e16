'use strict';

// The connections of a closed client end with it, so that a server's own `close()` need not wait for them.

const { once } = require('node:events');
const http = require('node:http');
const https = require('node:https');
const { TokenClient } = require('../../index.js');
const tls = require('../support/tls');

/** An idle connection of a client that is open lives for 4 s and more. */
const BEFORE_IDLE_CONNECTIONS_END = 3500;

test.each(['http', 'https'])(
  'the idle %s connections of a client end when it is closed',
  async (scheme) => {
    const listener = (_request, response) => response.end('ok');
    const server =
      scheme === 'http'
        ? http.createServer(listener)
        : https.createServer({ cert: tls.server, key: tls.key }, listener);
    const ended = [];
    server.on('connection', (socket) => ended.push(once(socket, 'close')));
    server.keepAliveTimeout = 0;
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const client = new TokenClient({
      baseURL: `${scheme}://127.0.0.1:${server.address().port}`,
      tls: { ca: tls.ca },
      tokens: { accessToken: 'a' },
      refresh() {},
    });
    await Promise.all(['/1', '/2', '/3'].map((path) => client.get(path)));
    await client.close();
    await Promise.all(ended);
    await new Promise((resolve) => server.close(resolve));
  },
  BEFORE_IDLE_CONNECTIONS_END,
);
