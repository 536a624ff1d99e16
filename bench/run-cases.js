'use strict';

// Runs one case: which process does what, in which order. Gives `{ clients: { name: { rounds, summary } }, failures }`.

const { spawnSync } = require('node:child_process');

const { startClient } = require('./client-process.js');
const { openStore, runFleet } = require('./run-fleet.js');
const { summarize } = require('./statistics.js');

/** Enough requests at once to have sockets open and code compiled before the first storm and the memory case. */
const WARM_CONCURRENCY = 64;

/** One socket and one small answer before anything is streamed. */
const WARM_PATH = '/small';
const MB = 2 ** 20;

const RUN = {
  steady: runSteady,
  transfer: runTransfer,
  storm: runStorm,
  memory: runMemory,
  sessions: runSessions,
  calls: runCalls,
  fleet: runFleet,
  require: runRequire,
};

async function runCase(testCase, context) {
  const { needs } = testCase;
  const peers = context.peers.filter(({ can }) => !needs || can.includes(needs));
  const rounds = new Map(peers.map(({ name }) => [name, []]));
  const failures = {};
  await RUN[testCase.kind](testCase, { ...context, peers }, rounds, failures);

  const clients = {};
  for (const [name, list] of rounds) {
    if (list.length) clients[name] = { summary: summarize(list), rounds: list };
  }
  return { ...testCase, clients, failures };
}

async function runSteady(testCase, context, rounds, failures) {
  const { server, options } = context;
  const { path, concurrency, call } = testCase;
  await withClients(testCase, context, failures, async (each) => {
    await each(async ({ client, session }) => {
      await client.call('steady', { path, concurrency, call, settleMs: options.warmupMs, ms: 1 });
      await checkProtocol(server, session, testCase);
    });
    for (let round = 0; round < options.rounds; round++) {
      await each(async ({ peer, client }) => {
        const cpuBefore = server.cpuUs();
        const { settleMs, ms } = options;
        const result = await client.call('steady', { path, concurrency, call, settleMs, ms });
        const cpuUs = cpuBefore === null ? null : server.cpuUs() - cpuBefore;
        // The server's time covers the unmeasured start of the round too; its requests are taken in proportion.
        const serverUs = cpuUs === null ? null : cpuUs / (result.requests * (1 + settleMs / ms));
        rounds.get(peer.name).push({ ...result, serverUs });
      });
    }
  });
}

/** A new process for every round: the peak of one would hide the next one's. */
async function runTransfer(testCase, context, rounds, failures) {
  const { server, options } = context;
  for (let round = 0; round < options.transfers; round++) {
    await withClients(testCase, context, failures, (each) =>
      each(async ({ peer, client }) => {
        await client.call('steady', { path: WARM_PATH, concurrency: 1, settleMs: options.settleMs, ms: 1 });
        const cpuBefore = server.cpuUs();
        const result = await client.call('transfer', testCase);
        const cpuUs = cpuBefore === null ? null : server.cpuUs() - cpuBefore;
        const serverUs = cpuUs === null ? null : cpuUs / ((testCase.warmupBytes + testCase.bytes) / MB);
        rounds.get(peer.name).push({ ...result, serverUs });
      }),
    );
  }
}

async function runStorm(testCase, context, rounds, failures) {
  const { server, options } = context;
  await withClients(testCase, context, failures, async (each) => {
    await each(({ client }) => warm(client, testCase, options));
    for (let round = 0; round < options.rounds; round++) {
      await each(async ({ peer, client, session }) => {
        const before = await server.stats(session);
        await server.expire(session);
        const result = await client.call('storm', testCase);
        const after = await server.stats(session);
        const seen = Object.keys(after).map((key) => [key, after[key] - before[key]]);
        const { requests: sent, rejected, refreshes, reuses } = Object.fromEntries(seen);
        rounds.get(peer.name).push({ ...result, rejected, refreshes, reuses, sent });
        if (result.failed)
          throw new Error(`${result.failed} of ${testCase.requests} failed: ${result.failure}`);
      });
    }
  });
}

/** A new process for every round: what a heap has once held, it rarely gives back. */
async function runMemory(testCase, context, rounds, failures) {
  const { server, options } = context;
  for (let round = 0; round < options.repeats; round++) {
    await withClients(testCase, context, failures, (each) =>
      each(async ({ peer, client, session }) => {
        await warm(client, testCase, options);
        await server.expire(session);
        const result = await client.call('memory', testCase);
        const { refreshes } = await server.stats(session);
        rounds.get(peer.name).push({ ...result, refreshes });
        if (result.failed) throw new Error(`${result.failed} of ${testCase.requests} failed`);
      }),
    );
  }
}

/** The process holds its sessions for all rounds. A request in each of them comes first, so that the first round meets none unused. */
async function runSessions(testCase, context, rounds, failures) {
  const { options } = context;
  const { path, concurrency, sessions } = testCase;
  await withClients(testCase, context, failures, async (each) => {
    const sizes = new Map();
    await each(async ({ peer, client }) => {
      await warm(client, testCase, options);
      sizes.set(peer, await client.call('hold', { path, concurrency, sessions }));
    });
    for (let round = 0; round < options.rounds; round++) {
      await each(async ({ peer, client }) => {
        const { settleMs, ms } = options;
        const result = await client.call('steady', { path, concurrency, call: 'inTurn', settleMs, ms });
        rounds.get(peer.name).push({ ...result, ...sizes.get(peer) });
      });
    }
  });
}

async function runCalls(testCase, context, rounds, failures) {
  const { options } = context;
  const { batch } = testCase;
  await withClients(testCase, context, failures, async (each) => {
    await each(({ client }) => client.call('calls', { batch, ms: options.warmupMs }));
    for (let round = 0; round < options.rounds; round++) {
      await each(async ({ peer, client }) => {
        rounds.get(peer.name).push(await client.call('calls', { batch, ms: options.ms }));
      });
    }
  });
}

async function runRequire(testCase, { options, peers }, rounds, failures) {
  // The time is taken before `process.stdout` is named, because Node makes that stream then, in two to three milliseconds.
  const script =
    'const t = performance.now(); require(process.argv[1]); const ms = performance.now() - t; process.stdout.write(`${ms}`)';
  for (let round = 0; round < options.processes; round++) {
    for (const { name, module } of peers) {
      if (!module || failures[name]) continue;
      const run = spawnSync(process.execPath, ['-e', script, module], { cwd: __dirname, encoding: 'utf8' });
      if (run.status === 0) rounds.get(name).push({ ms: Number(run.stdout) });
      else failures[name] = `exit code ${run.status ?? run.signal}`;
    }
  }
}

/**
 * Starts every client, hands `work` a function that visits them one after the other (A B C, A B C …), ends them all.
 * A client that fails is left out from then on; the others go on.
 */
async function withClients(testCase, { server, peers }, failures, work) {
  const running = [];
  const stores = [];
  const attempt = async (peer, step) => {
    if (failures[peer.name]) return;
    try {
      await step();
    } catch (error) {
      failures[peer.name] = error.message;
    }
  };
  try {
    for (const peer of peers) {
      await attempt(peer, async () => {
        const { session, access_token: accessToken, refresh_token: refreshToken } = await server.login();
        const store = peer.store && (await openStore(peer.store));
        if (store) stores.push(store);
        const client = await startClient({
          peer: peer.name,
          store: store?.option,
          origin: server.origins[testCase.transport],
          tokenOrigin: server.origins.plain,
          ca: server.ca,
          sockets: testCase.concurrency,
          needs: testCase.needs,
          tokens: { accessToken, refreshToken },
        });
        running.push({ peer, client, session });
      });
    }
    await work(async (visit) => {
      for (const one of running) await attempt(one.peer, () => visit(one));
    });
  } finally {
    for (const { client } of running) client.stop();
    await Promise.all(stores.map((store) => store.close()));
  }
}

/** By the server's count: all requests over HTTP/2 where the case is about it, and none elsewhere. */
async function checkProtocol(server, session, { transport }) {
  const { requests, http2 } = await server.stats(session);
  const expected = transport === 'h2' ? requests : 0;
  if (http2 !== expected)
    throw new Error(`${http2} of ${requests} requests came over HTTP/2, not ${expected}`);
}

function warm(client, { path }, { warmupMs }) {
  return client.call('steady', { path, concurrency: WARM_CONCURRENCY, settleMs: warmupMs, ms: 1 });
}

module.exports = { runCase };
