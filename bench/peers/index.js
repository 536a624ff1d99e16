'use strict';

// The clients that are measured. Each file exports `create(target)`, which gives `{ get(path, signal?) }`: one GET with the
// session's token, status checked, body parsed as JSON. Target: origin, ca (plain HTTP: unused), sockets,
// tokens {accessToken, refreshToken}, refresh(refreshToken) → tokens.

const { spawnSync } = require('node:child_process');
const path = require('node:path');

/** The client the others are compared with. */
const SUBJECT = 'token-rotator';

/** `refreshes`: renews its token by itself, so that the storm can be asked of it. `module`: what `require` time loads. */
const PEERS = [
  {
    name: SUBJECT,
    file: './token-rotator',
    module: path.join(__dirname, '..', '..'),
    refreshes: true,
    queues: true,
  },
  { name: 'undici-request', file: './undici-request', module: 'undici' },
  { name: 'undici-fetch', file: './undici-fetch' },
  {
    name: 'axios-token-refresh',
    file: './axios-token-refresh',
    module: 'axios',
    refreshes: true,
    queues: true,
  },
  { name: 'axios-auth-refresh', file: './axios-auth-refresh', refreshes: true },
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
