'use strict';

// Three clients under the same steady load, one after the other, each in a process of its own. The tokens of two of them expire again
// and again; the third has a token that lasts, which shows what the API itself takes.

const { once } = require('node:events');
const path = require('node:path');
const { startAuthServer } = require('../../../lib/testing.js');
const { startModule } = require('../../../tools/leftovers.js');

const PEERS = [
  { peer: 'token-rotator', rotates: true },
  { peer: 'axios-token-refresh', rotates: true },
  { peer: 'undici-request', rotates: false },
];
const EVERY_MS = 10;

/** `seconds`: of each client. `rotateMs`: from the answer of a refresh to the next expiry. */
async function record({ seconds = 10, rotateMs = 500 } = {}) {
  const clients = [];
  for (const peer of PEERS) clients.push(await run(peer, seconds, rotateMs));
  return { everyMs: EVERY_MS, clients };
}

async function run({ peer, rotates }, seconds, rotateMs) {
  // With leeway, because token-refresh may send a refresh token twice, and its session would end.
  const server = await startAuthServer({ reuse: 'leeway', latency: 20, apiLatency: 5 });
  const { accessToken, refreshToken } = server.login('ada');
  const requests = Math.round((seconds * 1000) / EVERY_MS);
  const setup = {
    ...{ peer, origin: server.url, tokens: { accessToken, refreshToken }, everyMs: EVERY_MS, requests },
  };
  const child = startModule(path.join(__dirname, 'latency-process.js'), [JSON.stringify(setup)]);
  await once(child, 'message');
  const rotations = [];
  let timer;
  // After the answer of the refresh: on a busy machine a request would else find its token expired at every replay.
  const expireLater = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      rotations.push(performance.timeOrigin + performance.now());
      server.expire();
    }, rotateMs);
  };
  child.send({ go: true });
  if (rotates) {
    server.on('answered', expireLater);
    expireLater();
  }
  const [{ sent }] = await once(child, 'message');
  clearTimeout(timer);
  const { refreshes } = server.ledger.counts;
  await server.close();
  const begin = sent[0].at;
  const since = (at) => at - begin;
  const last = since(sent.at(-1).at);
  return {
    ...{ peer, refreshes, rotations: rotations.map(since).filter((at) => at > 0 && at < last) },
    sent: sent.map(({ at, ...rest }) => ({ at: since(at), ...rest })),
  };
}

module.exports = { record };
