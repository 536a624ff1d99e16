'use strict';

// A thousand requests that meet an expired token at once.

const http = require('node:http');
const { expired } = require('./support/turns.js');
const { outcomes, refreshAt, storage, useWorld } = require('./support/world.js');
const { OURS } = require('./support/ways.js');

const { serve, install } = useWorld();
const REQUESTS = 1000;

test.each(OURS)('%s: one refresh, and an answer for everybody', async (_name, way) => {
  const server = await serve();
  const shelf = storage(server.login('ada'));
  const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const made = {};
  const refresh = async (refreshToken) => {
    await expired(made.told, 64);
    return refreshAt(server)(refreshToken);
  };
  Object.assign(made, install(way, server, { ...shelf.callbacks, refresh }, { config: { httpAgent } }));
  await made.api.get('/api/orders');
  server.expire();
  const all = await outcomes(Array.from({ length: REQUESTS }, () => made.api.get('/api/orders')));
  expect(all.filter((outcome) => outcome === 200).length).toBe(REQUESTS);
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, tokenRequests: 1, reuses: 0 });
  httpAgent.destroy();
});
