'use strict';

// A server with a ledger, and a client that rotates at it in Rust. Each program of this folder runs under every runtime, in a folder
// where the packages are installed. A program succeeds if it prints a line at its end, and then ends by itself with code 0.

const assert = require('node:assert/strict');
const { TokenClient } = require('token-rotator');
const { startAuthServer } = require('token-rotator/testing');

async function start(options) {
  const server = await startAuthServer({ reuse: 'strict' });
  const grant = { type: 'refresh_token', tokenEndpoint: server.tokenEndpoint, clientId: 'smoke' };
  const client = new TokenClient({ baseURL: server.url, grant, tokens: server.login('ada'), ...options });
  return { server, client };
}

/** The server's own view: so many rotations, and no token that was spent twice. */
function judge(server, refreshes) {
  const { counts, lost } = server.ledger;
  assert.deepEqual({ ...counts, lost }, { ...counts, refreshes, reuses: 0, lost: [] });
}

module.exports = { judge, start };
