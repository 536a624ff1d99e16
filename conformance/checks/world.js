'use strict';

// A client of one login at a server, with the ledger in between and a directory as the store.

const fs = require('node:fs');
const path = require('node:path');
const { TokenClient } = require('../../index.js');
const { makeFolder, remove } = require('../../tools/leftovers.js');

/** Calls `body` with a new login: `{ options, connect, record, tokens }`. Afterwards the clients are closed and the store is gone. */
async function withLogin({ server, ledger }, body) {
  const folder = await makeFolder('conformance-');
  const store = { type: 'file', path: path.join(folder, 'store') };
  const { clientId, auth } = server;
  const options = { store, grant: { type: 'refresh_token', tokenEndpoint: ledger.url, clientId, auth } };
  const clients = [];
  const connect = (more) => {
    const client = new TokenClient({ ...options, ...more });
    clients.push(client);
    return client;
  };
  try {
    const tokens = await server.login();
    return await body({ options, connect, tokens, record: () => recordIn(store.path) });
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await remove(folder);
  }
}

/** The store's one record, as it is on the disk. */
function recordIn(folder) {
  const [name] = fs.readdirSync(folder).filter((file) => file.endsWith('.record'));
  return fs.readFileSync(path.join(folder, name), 'utf8');
}

/** The error of a call, or undefined if there is none. */
function errorOf(promise) {
  return promise.then(
    () => undefined,
    (error) => error,
  );
}

/** What an error is, in a word. */
function outcome(error) {
  if (error === undefined) return 'rotated';
  return error.reason === undefined ? error.code : `${error.code} (${error.reason})`;
}

module.exports = { errorOf, outcome, withLogin };
