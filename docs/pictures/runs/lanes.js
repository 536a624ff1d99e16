'use strict';

// Four processes share one session over a directory, and all of them send requests when the token expires. Records, on the system's
// clock, each request, what the API said to it, and each process' rotation.

const { once } = require('node:events');
const path = require('node:path');
const { startAuthServer } = require('../../../lib/testing.js');
const { makeFolder, remove, startModule } = require('../../../tools/leftovers.js');

const NAMES = ['A', 'B', 'C', 'D'];
const REQUESTS = 20;
const EVERY_MS = 8;
/** Of the requests that a process has sent when the token expires. */
const BEFORE = 6;

async function record() {
  const directory = await makeFolder('lanes-');
  const server = await startAuthServer({ latency: 30, apiLatency: 6 });
  const seen = new Map();
  const refresh = {};
  const now = () => performance.timeOrigin + performance.now();
  server.on('request', ({ requestId, status }) => {
    if (requestId === undefined) return;
    const earlier = seen.get(requestId) ?? [];
    seen.set(requestId, [...earlier, { at: now(), status }]);
    // Once: a replay of a request adds none.
    if (earlier.length === 0 && seen.size === BEFORE * NAMES.length) server.expire();
  });
  server.on('refresh', () => (refresh.at = now()));
  server.on('answered', () => (refresh.answered = now()));

  const { url, tokenEndpoint } = server;
  const setup = { url, tokenEndpoint, directory, requests: REQUESTS, everyMs: EVERY_MS };
  const children = NAMES.map((name) =>
    startModule(path.join(__dirname, 'lanes-process.js'), [JSON.stringify({ name, ...setup })]),
  );
  await Promise.all(children.map((child) => once(child, 'message')));
  children[0].send({ login: server.login('ada') });
  await once(children[0], 'message');
  const told = children.map((child) => once(child, 'message'));
  for (const child of children) child.send({ go: true });
  const reports = (await Promise.all(told)).map(([report]) => report);
  const { refreshes, reuses } = server.ledger.counts;
  await server.close();
  await remove(directory);

  const begin = Math.min(...reports.flatMap(({ sent }) => sent.map((request) => request.begin)));
  const since = (at) => at - begin;
  const processes = reports.map(({ sent, rotations }, i) => ({
    name: NAMES[i],
    sent: sent.map(({ id, ...request }) => ({
      ...{ begin: since(request.begin), end: since(request.end), status: request.status },
      seen: seen.get(id).map(({ at, status }) => ({ at: since(at), status })),
    })),
    rotations: rotations.map((one) => ({ ...one, begin: since(one.begin), end: since(one.end) })),
  }));
  return {
    processes,
    refresh: { at: since(refresh.at), answered: since(refresh.answered) },
    ledger: { refreshes, reuses },
  };
}

module.exports = { record };
