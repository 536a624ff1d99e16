'use strict';

// The clients that are measured. Each file exports `create(target)`. Target: origin, ca (plain HTTP: unused), sockets,
// tokens {accessToken, refreshToken}, refresh(refreshToken) → tokens, needs: what the case asks for, of the words below.
// What it gives has a method for each thing the client can do, all with the session's token and the status checked:
//   get(path, signal?)   one GET, body parsed as JSON. `http2`: over HTTP/2. `gzip`: decoded
//   fetch(path)          the same by way of its `fetch`
//   login(key, tokens)   a session beside the client's own, and getAs(session, path): get with that session's token. `sessions`
//   accessToken()        the session's token, which is fresh. `accessToken`
//   rotate(rejected?)    new tokens, unless this one is old already; gives the access token. `fleet`: and other processes share the session
//   download(path)       the body as an async iterable of chunks; upload(path, chunks): JSON. Both: `stream`
// `refresh`: get renews the token by itself. `axios`: and it is axios that sends, with `installAuthRefresh`. `queue`: and
// requests wait for it, up to the memory case's number. `adapter`: get is an axios instance's. `stores`: get, with tokens in a store
// that processes share, or compared with that.

const { spawnSync } = require('node:child_process');
const path = require('node:path');

/** The client the others are compared with. */
const SUBJECT = 'token-rotator';

/** `can`: which cases it takes part in. `module`: what `require` time loads. `store`: where its tokens are, if not in memory. */
const PEERS = [
  {
    name: SUBJECT,
    file: './token-rotator',
    module: path.join(__dirname, '..', '..'),
    can: [
      ...['get', 'refresh', 'queue', 'http2', 'gzip', 'fetch', 'stream', 'sessions', 'accessToken'],
      ...['stores', 'fleet'],
    ],
  },
  { name: 'token-rotator-file', file: './token-rotator', store: 'file', can: ['stores'] },
  { name: 'token-rotator-redis', file: './token-rotator', store: 'redis', can: ['stores'] },
  {
    name: 'undici-request',
    file: './undici-request',
    module: 'undici',
    can: ['get', 'http2', 'gzip', 'stream', 'sessions', 'accessToken', 'stores'],
  },
  { name: 'undici-h2-unset', file: './undici-h2-unset', can: ['http2'] },
  { name: 'undici-gunzip', file: './undici-gunzip', can: ['gzip'] },
  { name: 'undici-fetch', file: './undici-fetch', can: ['get', 'fetch'] },
  { name: 'global-fetch', file: './global-fetch', can: ['fetch'] },
  {
    name: 'axios-token-refresh',
    file: './axios-token-refresh',
    module: 'axios',
    can: ['get', 'refresh', 'queue', 'axios'],
  },
  { name: 'axios-token-rotator', file: './axios-token-rotator', can: ['axios'] },
  { name: 'axios-http', file: './axios-http', can: ['adapter'] },
  { name: 'axios-adapter', file: './axios-adapter', can: ['adapter'] },
  { name: 'axios-auth-refresh', file: './axios-auth-refresh', can: ['get', 'refresh'] },
];

function loadPeer(name) {
  return require(PEERS.find((peer) => peer.name === name).file);
}

/** Why a client cannot be loaded here, in one line, or null. Tried in another process: an addon may not come back. */
function missing(name) {
  const { file } = PEERS.find((peer) => peer.name === name);
  const script = 'require(process.argv[1]).create.length';
  const run = spawnSync(process.execPath, ['-e', script, path.join(__dirname, file)], { encoding: 'utf8' });
  if (run.status === 0) return null;
  return /^\w*Error.*$/m.exec(run.stderr)?.[0] ?? `exit code ${run.status ?? run.signal}`;
}

module.exports = { PEERS, SUBJECT, loadPeer, missing };
