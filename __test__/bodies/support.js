'use strict';

// Servers that show a body as it comes, over each transport the client speaks, and what else these suites share. A test
// file that starts any has `afterEach(closeServers)`.

const { createHash } = require('node:crypto');
const { once } = require('node:events');
const http = require('node:http');
const http2 = require('node:http2');
const { clientFor } = require('../requests/servers.js');
const tls = require('../support/tls');

/** What every suite here runs over. */
const TRANSPORTS = ['http/1.1', 'h2'];

const KIB = 1024;
const MIB = 1024 * KIB;

/** More than anybody takes. One who takes it all the same takes no more, and the machine lives. */
const ENDLESS = 1024 * MIB;

/** Around every limit that a body meets on its way. */
const SIZES = [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 256 * KIB - 1, 256 * KIB, 256 * KIB + 1, MIB];

const running = new Set();

/** `handler(request, response)` is called at each head; bodies are read by nobody else. */
async function serve(transport, handler, port = 0) {
  const secure = transport === 'h2';
  const listener = (request, response) => {
    // The other side may leave at any moment; what that means is read from what came of the body.
    request.on('error', () => {});
    response.on('error', () => {});
    handler(request, response);
  };
  const server = secure
    ? http2.createSecureServer({ cert: tls.server, key: tls.key }, listener)
    : http.createServer(listener);
  if (!secure) server.keepAliveTimeout = 0;
  const connections = new Set();
  server.on(secure ? 'session' : 'connection', (connection) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection)).on('error', () => {});
  });
  running.add({ server, connections });
  server.listen({ port, host: '127.0.0.1', backlog: 4096 });
  await once(server, 'listening');
  return { server, connections, ...addressOf(transport, server.address().port) };
}

/** A server's URL, and what a client of it has to know besides. */
function addressOf(transport, port) {
  const secure = transport === 'h2';
  const url = `${secure ? 'https' : 'http'}://127.0.0.1:${port}`;
  return { url, options: secure ? { tls: { ca: tls.ca } } : {} };
}

async function closeServers() {
  const closing = [...running].map(({ server, connections }) => {
    for (const connection of connections) connection.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  running.clear();
  await Promise.all(closing);
}

/** A client of `server` whose token is good, with the retries that are made by default. */
const connect = (server, options) => clientFor(server, { ...server.options, retry: undefined, ...options });

/** A client whose token `isExpired` until it has rotated once. */
function rotating(server, options) {
  return connect(server, {
    tokens: { accessToken: 'first', refreshToken: 'r' },
    refresh: () => ({ accessToken: 'second', refreshToken: 'r' }),
    ...options,
  });
}

const isExpired = (request) => request.headers.authorization !== 'Bearer second';

/** What came of a request's body, and whether it ended as whole ones do: { bytes, complete }. Never rejects. */
function bodyOf(request) {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  return new Promise((resolve) => {
    const settle = (complete) => {
      carrier.off('close', cut);
      resolve({ bytes: Buffer.concat(chunks), complete });
    };
    const cut = () => settle(false);
    // Not the request itself: Node forgets it once it is answered.
    const carrier = carrierOf(request).once('close', cut);
    // Node ends the body of a stream of HTTP/2 that was reset as if it were whole.
    request.once('end', () => settle(request.httpVersionMajor === 1 || !carrier.aborted));
  });
}

/** A connection of HTTP/1.1, a stream of HTTP/2. */
const carrierOf = ({ httpVersionMajor, socket, stream }) => (httpVersionMajor === 1 ? socket : stream);

/** When `serveAndKeep` refuses a token: it throws away what it has not read of the body. */
const EARLY = 'before it has read the body';
const LATE = 'after it has read the body';

/**
 * A server that keeps what it gets, and answers with the hash of it. `seen` lists { url, headers, connection, refused,
 * complete, bytes } in order of the heads. `refusal`: when a token is refused that `isExpired`; undefined for never.
 */
async function serveAndKeep(transport, refusal) {
  const seen = [];
  const server = await serve(transport, async (request, response) => {
    const { url, headers } = request;
    const refused = refusal !== undefined && isExpired(request);
    const entry = { url, headers, connection: connectionOf(request), refused };
    seen.push(entry);
    if (refused && refusal === EARLY) response.writeHead(401).end('early');
    entry.received = bodyOf(request).then((body) => Object.assign(entry, body));
    await entry.received;
    if (!response.headersSent) response.writeHead(refused ? 401 : 200).end(sha256(entry.bytes));
  });
  return { ...server, seen };
}

/**
 * A server that answers as `script` says, and with 200 from then on. A step is a status, [status, headers], or a function
 * of request and response. `seen` lists the sendings: { method, key, authorization, text }.
 */
async function serveScript(transport, ...script) {
  const seen = [];
  const server = await serve(transport, async (request, response) => {
    const { method, headers } = request;
    const { bytes } = await bodyOf(request);
    seen.push({
      method,
      key: headers['idempotency-key'],
      authorization: headers.authorization,
      text: String(bytes),
    });
    const step = script[seen.length - 1] ?? 200;
    if (typeof step === 'function') return step(request, response);
    const [status, own] = [step].flat();
    response.writeHead(status, own).end(String(seen.length));
  });
  return { ...server, seen };
}

/** Those of `seen` that the server has every reason to take for whole, once each has ended in one way or the other. */
async function wholeOf(seen) {
  await Promise.all(seen.map(({ received }) => received));
  return seen.filter(({ complete }) => complete);
}

/** Resets what carries this request. */
function reset(request) {
  if (request.httpVersionMajor === 1) request.socket.resetAndDestroy();
  else request.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
}

/** What tells one connection from another. */
const connectionOf = (request) => (request.httpVersionMajor === 1 ? request.socket : request.stream.session);

/** What `value` comes to rest at: it has not changed while the server answered a hundred other requests. */
async function rest(value, client, url = '/ping') {
  let last = value();
  for (let same = 0; same < 100; same += 1) {
    await client.get(url);
    if (value() === last) continue;
    last = value();
    same = 0;
  }
  return last;
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Text of so many bytes of UTF-8, one to four for each character. */
function textOf(size) {
  const pattern = 'aü€🦀';
  const unit = Buffer.byteLength(pattern);
  return pattern.repeat(Math.floor(size / unit)) + 'z'.repeat(size % unit);
}

/** The same bytes, cut into parts as streams do, with an empty one among them. */
function partsOf(bytes, size = 50_000) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size));
  parts.splice(1, 0, bytes.subarray(0, 0));
  return parts;
}

module.exports = {
  EARLY,
  ENDLESS,
  KIB,
  LATE,
  MIB,
  SIZES,
  TRANSPORTS,
  addressOf,
  bodyOf,
  carrierOf,
  closeServers,
  connect,
  isExpired,
  partsOf,
  reset,
  rest,
  rotating,
  serve,
  serveAndKeep,
  serveScript,
  sha256,
  textOf,
  wholeOf,
};
