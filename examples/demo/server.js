'use strict';

// The server process: a strict authorization server that answers `ledger` messages from its parent.

const { startAuthServer } = require('../../lib/testing');

async function main() {
  const server = await startAuthServer(JSON.parse(process.argv[2]));
  const { url, tokenEndpoint, ledger } = server;
  process.on('message', () => process.send({ counts: ledger.counts, lost: ledger.lost.length }));
  process.on('disconnect', () => server.close());
  process.send({ url, tokenEndpoint, tokens: server.login() });
}

main();
