'use strict';

// One cell: a store, a number of processes, and short tokens. Nothing fails here, so that nothing may be wrong: each token is
// refreshed once over all processes together, no sooner than it runs out, and every request is answered with 200.

const { setTimeout: pause } = require('node:timers/promises');
const { startAuthServer } = require('../../lib/testing.js');
const { Fleet } = require('../fleet.js');
const { STORES } = require('../stores');
const { TokenEndpoint } = require('../token-endpoint.js');

const PROCESSES = [1, 2, 4, 8];
const STORE_NAMES = ['file', 'redis', 'postgres'];
/** Of the token endpoint, ms: long enough that processes meet in it. */
const LATENCY = [0, 10];
const LANES = 2;
/** Between two requests of a lane, for each process: all cells ask the server as often. */
const THINK_MS = 10;
const LOOK_MS = 50;
/** A cell without a rotation for so long will have no more. */
const STALLED_MS = 20_000;
const SUMS = [
  'rotations',
  'bound',
  'early',
  'lost',
  'reuses',
  'duplicates',
  'adopted',
  'leaseWaits',
  'leaseWaitMs',
];

/** `{ name, store, processes, missing }`. */
function cells() {
  return STORE_NAMES.flatMap((store) =>
    PROCESSES.map((processes) => {
      const { missing } = STORES[store];
      return { name: `${store}/${processes}`, store, processes, missing };
    }),
  );
}

/** Runs a cell: a part of the rotations for each life of the tokens. `progress` is told the life and the rotations so far. */
async function runCell(cell, { rotations, ttls }, progress) {
  const parts = [];
  for (const ttl of ttls) {
    const share = Math.ceil(rotations / ttls.length);
    parts.push(await runPart({ ...cell, ttl, share }, (done) => progress(`${ttl} ms ${done}/${share}`)));
  }
  const sums = SUMS.map((name) => [name, parts.reduce((sum, part) => sum + part[name], 0)]);
  const outcomes = {};
  for (const [outcome, times] of parts.flatMap((part) => Object.entries(part.outcomes))) {
    outcomes[outcome] = (outcomes[outcome] ?? 0) + times;
  }
  const seconds = parts.reduce((sum, part) => sum + part.seconds, 0);
  const wrong = parts.flatMap((part) => part.wrong.map((what) => `${part.ttl} ms: ${what}`));
  return { ...cell, ...Object.fromEntries(sums), outcomes, seconds, wrong, parts };
}

async function runPart({ store: storeName, processes, ttl, share }, progress) {
  const server = await startAuthServer({
    accessTokenTtl: ttl,
    latency: LATENCY,
    maxTokens: 100_000,
    maxRequests: 0,
  });
  const endpoint = new TokenEndpoint(server);
  await endpoint.listen();
  const store = await STORES[storeName].open();
  const fleet = new Fleet({
    url: server.url,
    tokenEndpoint: endpoint.url,
    store: store.option,
    lanes: LANES,
    think: THINK_MS * processes,
    options: { session: 'trial', timeout: 60_000 },
  });
  const told = listen(fleet);
  try {
    const begin = { begin: false };
    const workers = await Promise.all(Array.from({ length: processes }, () => fleet.start(begin)));
    const begun = Date.now();
    await fleet.ask(workers[0], { login: server.login() }, 'loggedIn');
    workers.forEach((worker) => fleet.tell(worker, { begin: true }));
    const stalled = !(await rotated(server.ledger, share, progress));
    await Promise.all(workers.map((worker) => fleet.end(worker)));
    const ms = Date.now() - begun;
    return verdict({ ttl, share, ms, stalled, told, spends: endpoint.spends, ledger: server.ledger });
  } finally {
    await fleet.close();
    await Promise.all([endpoint.close(), server.close()]);
    await store.close();
  }
}

/** Resolves to true when there were so many rotations, and to false when no more come. */
async function rotated(ledger, share, progress) {
  let [seen, at] = [0, Date.now()];
  for (;;) {
    const { refreshes } = ledger.counts;
    if (refreshes >= share) return true;
    if (refreshes > seen) [seen, at] = [refreshes, Date.now()];
    if (Date.now() - at > STALLED_MS) return false;
    progress(seen);
    await pause(LOOK_MS);
  }
}

function listen(fleet) {
  const told = { outcomes: {}, rotations: 0, adopted: 0, leaseWaits: 0, leaseWaitMs: 0 };
  fleet.on('counts', (counts) => {
    for (const [outcome, times] of Object.entries(counts)) {
      told.outcomes[outcome] = (told.outcomes[outcome] ?? 0) + times;
    }
  });
  fleet.on('stats', (stats) => {
    for (const name of ['rotations', 'adopted', 'leaseWaits', 'leaseWaitMs']) told[name] += stats[name];
  });
  return told;
}

/** What the server and the processes have counted, and what is wrong with it. */
function verdict({ ttl, share, ms, stalled, told, spends, ledger }) {
  const { refreshes, reuses, early } = ledger.counts;
  const rotating = spends.filter(({ issued }) => issued !== null).map(({ token }) => token);
  const duplicates = rotating.length - new Set(rotating).size;
  const bound = Math.ceil(ms / ttl) + 1;
  const failed = Object.entries(told.outcomes).filter(([outcome]) => outcome !== '200');
  const wrong = [
    stalled && `no rotation for ${STALLED_MS / 1000} s, after ${refreshes} of ${share}`,
    ledger.lost.length > 0 && `${ledger.lost.length} sessions lost`,
    reuses > 0 && `${reuses} refresh tokens sent again`,
    duplicates > 0 && `${duplicates} generations refreshed twice`,
    refreshes > bound && `${refreshes} refreshes, and ${bound} were enough`,
    refreshes !== told.rotations && `${refreshes} refreshes, and the processes know of ${told.rotations}`,
    ...failed.map(([outcome, times]) => `${times} requests ended with ${outcome}`),
  ].filter(Boolean);
  const counted = {
    ...told,
    rotations: refreshes,
    bound,
    early,
    lost: ledger.lost.length,
    reuses,
    duplicates,
  };
  return { ttl, ...counted, seconds: ms / 1000, wrong };
}

module.exports = { cells, runCell, verdict };
