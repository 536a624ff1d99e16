'use strict';

// Two clients that share a directory rotate once between them, and hear of each other's login. The records are encrypted.

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { TokenClient } = require('token-rotator');
const { startAuthServer } = require('token-rotator/testing');

async function main() {
  const server = await startAuthServer({ reuse: 'strict' });
  const directory = mkdtempSync(path.join(tmpdir(), 'smoke-'));
  const key = randomBytes(32).toString('base64');
  const { url: baseURL, tokenEndpoint } = server;
  const grant = { type: 'refresh_token', tokenEndpoint, clientId: 'smoke' };
  const connect = () => new TokenClient({ baseURL, grant, store: { type: 'file', path: directory, key } });
  try {
    const clients = [connect(), connect()];
    await clients[0].setTokens(server.login('ada'));
    server.expire();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => clients[index % 2].get('/api/orders')),
    );
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    const { refreshes, reuses } = server.ledger.counts;
    assert.deepEqual({ refreshes, reuses }, { refreshes: 1, reuses: 0 });
    await Promise.all(clients.map((client) => client.close()));
  } finally {
    rmSync(directory, { recursive: true, force: true });
    await server.close();
  }
}

main().then(() => console.log('done'));
