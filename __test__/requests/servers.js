'use strict';

// Small servers on ports of their own, and a client for them. A test file that starts any has `afterEach(closeServers)`.

const { once } = require('node:events');
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const { inspect } = require('node:util');
const { TokenClient } = require('../..');
const tls = require('../support/tls');

/** What `clientFor` gives its clients; `failure` finds neither of the two in any error. */
const TOKEN = 't0ken-marker';
const QUERY = 'query-marker';

const running = new Set();

/**
 * An HTTP server. `handler(request, response, body)` is called once the body is there; the default answers 200 `ok`.
 * `seen` lists the requests: { method, url, headers, rawHeaders, body }.
 */
async function serve(handler = (_request, response) => response.end('ok'), { secure, ...options } = {}) {
  const seen = [];
  const listener = (request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const { method, url, headers, rawHeaders } = request;
      seen.push({ method, url, headers, rawHeaders, body });
      handler(request, response, body);
    });
  };
  const server = secure
    ? https.createServer({ cert: tls.server, key: tls.key, ...options }, listener)
    : http.createServer(options, listener);
  server.keepAliveTimeout = 0;
  return listening(server, { seen }, secure ? 'https' : 'http');
}

/**
 * A server that speaks in bytes. `handler(socket, head, count)` is called at each head it gets, Latin-1 text; count is
 * 1 for the first of the server. `connections` holds what came over each.
 */
async function serveRaw(handler = () => {}, scheme = 'http') {
  const connections = [];
  let count = 0;
  const server = net.createServer((socket) => {
    const connection = { text: '', socket };
    connections.push(connection);
    let judged = 0;
    socket.on('data', (data) => {
      connection.text += data.toString('latin1');
      for (let end; (end = connection.text.indexOf('\r\n\r\n', judged)) >= 0; judged = end + 4) {
        handler(socket, connection.text.slice(judged, end + 4), ++count);
      }
    });
  });
  return listening(server, { connections }, scheme);
}

async function listening(server, extra, scheme) {
  const sockets = new Set();
  const keep = (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  };
  server.on('connection', keep);
  server.on('tlsClientError', () => {});
  running.add({ server, sockets });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  return { server, sockets, port, url: `${scheme}://127.0.0.1:${port}`, ...extra };
}

async function closeServers() {
  const closing = [...running].map(({ server, sockets }) => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  running.clear();
  await Promise.all(closing);
}

/** A port of this machine on which nobody listens. */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * A client that has TOKEN and fails a request that wants another one. Without retries, so that what a test sees is what
 * one sending did; tests of retries ask for them.
 */
function clientFor(server, options) {
  return new TokenClient({
    baseURL: server?.url,
    retry: false,
    tokens: { accessToken: TOKEN },
    refresh: () => {
      throw new Error('a refresh that the test did not ask for');
    },
    ...options,
  });
}

/** A server that takes the second token and no other, and a client that begins with the first. */
async function serveExpired(handler, options) {
  const server = await serve((request, response, body) => {
    if (request.headers.authorization !== 'Bearer second') response.statusCode = 401;
    handler(request, response, body);
  });
  const client = clientFor(server, {
    tokens: { accessToken: 'first', refreshToken: 'r' },
    refresh: () => ({ accessToken: 'second' }),
    ...options,
  });
  return { server, client };
}

/** What a call failed with. Whatever it is, it must hold no token and no query. */
async function failure(promise) {
  const error = await promise.then(
    () => {
      throw new Error('expected a rejection');
    },
    (reason) => reason,
  );
  for (let at = error; at !== undefined && at !== null; at = at.cause) {
    const text = [at.message, at.stack, inspect(at, { depth: 9 }), JSON.stringify(at)].join('\n');
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain(QUERY);
  }
  return error;
}

module.exports = {
  QUERY,
  TOKEN,
  clientFor,
  closeServers,
  failure,
  freePort,
  listening,
  serve,
  serveExpired,
  serveRaw,
};
