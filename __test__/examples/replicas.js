'use strict';

// Runs the programs of examples/replicas as processes, over a strict server and a store of the test's own.

const { once } = require('node:events');
const { connect } = require('node:net');
const { mkdtempSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { TokenClient } = require('../../index.js');
const { startAuthServer } = require('../../lib/testing.js');
const { refreshAt } = require('../support/refresh.js');
const { endChildren, start } = require('../lifecycle/child.js');

const FOLDER = path.join(__dirname, '../../examples/replicas');

/** Registers what ends each test: nothing was used twice, nothing was lost, and no process is left. */
function useReplicas() {
  const world = { directory: undefined, server: undefined };
  beforeEach(() => (world.directory = mkdtempSync(path.join(os.tmpdir(), 'replicas-'))));
  afterEach(async () => {
    await endChildren();
    await world.server.close();
    rmSync(world.directory, { recursive: true, force: true });
    const { counts, lost } = world.server.ledger;
    expect({ reuses: counts.reuses, lost }).toEqual({ reuses: 0, lost: [] });
  });
  const store = () => ({ type: 'file', path: path.join(world.directory, 'tokens') });

  return {
    async serve(options) {
      world.server = await startAuthServer(options);
      world.refreshToken = world.server.login('ada').refreshToken;
      return world.server;
    },

    /** `env`: as the example's head says. */
    run(name, env) {
      const { url, tokenEndpoint } = world.server;
      const at = { API_URL: url, TOKEN_ENDPOINT: tokenEndpoint, REFRESH_TOKEN: world.refreshToken };
      const place = { TOKEN_DIRECTORY: store().path, PORT: '0', REPLICAS: '2', LINGER_MS: '0' };
      const child = start([path.join(FOLDER, name)], { env: { ...process.env, ...at, ...place, ...env } });
      child.stdout.on('data', (text) => (child.text = (child.text ?? '') + text));
      return child;
    },

    /** The tokens that are stored are the ones that the server takes next. */
    async expectCurrent() {
      const { url: baseURL, tokenEndpoint } = world.server;
      const client = new TokenClient({ baseURL, refresh: refreshAt(tokenEndpoint), store: store() });
      await client.rotate();
      expect((await client.get('/api/orders')).status).toBe(200);
      await client.close();
    },
  };
}

/** The URL of a service that has started. */
async function listening(child) {
  for (;;) {
    const found = /listening on (\d+)/.exec(child.text);
    if (found) return `http://127.0.0.1:${found[1]}`;
    await once(child.stdout, 'data');
  }
}

/** Resolves when nobody accepts connections there any more. */
async function refused(url) {
  for (;;) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const error = await once(socket, 'connect').catch((error) => error);
    socket.destroy();
    if (error?.code === 'ECONNREFUSED') return;
  }
}

/**
 * Sends requests as a load balancer does, until the service says that it is not ready. Returns the statuses.
 */
async function traffic(url, callers = 6) {
  const statuses = [];
  const caller = async () => {
    while ((await fetch(`${url}/ready`)).status === 200) statuses.push((await fetch(url)).status);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return statuses;
}

module.exports = { FOLDER, listening, refused, traffic, useReplicas };
