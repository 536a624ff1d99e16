'use strict';

// Runs a case of processes that share a store: what a rotation costs the store, and how soon the others have its tokens.

const { startClient } = require('./client-process.js');
const { percentile } = require('./statistics.js');
const { STORES } = require('../chaos/stores');
const { ask } = require('../chaos/stores/redis.js');

/** How long a refresh is held, so that the other process waits for its lease. */
const HOLD_MS = 20;
/** Between the rotations of a process that another follows. */
const EVERY_MS = 40;
/** Far more often than by default, so that a short round shows it. */
const CONFIRM_MS = 100;
/** Requests at once of a process whose tokens are confirmed. */
const IN_USE = 4;

async function runFleet(testCase, { server, options, peers }, rounds, failures) {
  for (const { name } of peers) {
    try {
      rounds.get(name).push(...(await roundsOf(name, testCase, server, options)));
    } catch (error) {
      failures[name] = error.message;
    }
  }
}

async function roundsOf(peer, testCase, server, options) {
  const store = await openStore(testCase.store);
  const clients = [];
  const { access_token: accessToken, refresh_token: refreshToken } = await server.login();
  const start = async (tokens) => {
    const client = await startClient({
      peer,
      origin: server.origins.plain,
      tokenOrigin: server.origins.plain,
      sockets: testCase.concurrency,
      needs: testCase.needs,
      store: store.option,
      confirmEvery: CONFIRM_MS,
      tokens,
    });
    clients.push(client);
    return client;
  };
  try {
    const first = await start({ accessToken, refreshToken });
    const list = [];
    await first.call('alone', { ms: options.warmupMs, uses: false });
    for (let round = 0; round < options.rounds; round++) {
      list.push(await alone(first, store, { ms: options.ms, uses: false }));
    }
    // From its first use on, a session follows the changes of its store, its own too.
    for (const round of list) {
      const { reads: readsInUse } = await alone(first, store, { ms: options.ms, uses: true });
      Object.assign(round, { readsInUse, ...(await inUse(first, store, testCase, options)) });
    }
    // The second process is started only now, because it reads the store at each change.
    if (!testCase.isShared) return list;
    const second = await start();
    await second.call('steady', { path: testCase.path, concurrency: 1, settleMs: options.warmupMs, ms: 1 });
    for (const round of list) Object.assign(round, await together([first, second], options));
    return list;
  } finally {
    clients.forEach((client) => client.stop());
    await store.close();
  }
}

function openStore(name) {
  if (name === 'register') return { option: { type: 'register' }, close() {} };
  const { missing } = STORES[name];
  if (missing !== undefined) throw new Error(`${name}: ${missing}`);
  return STORES[name].open();
}

async function alone(client, store, { ms, uses }) {
  const before = await counts(client, store);
  const { rotations, perSecond } = await client.call('alone', { ms, uses });
  const after = await counts(client, store);
  return {
    perSecond,
    reads: (after.reads - before.reads) / rotations,
    writes: (after.writes - before.writes) / rotations,
  };
}

async function inUse(client, store, { path }, { ms }) {
  const before = await counts(client, store);
  await client.call('steady', { path, concurrency: IN_USE, settleMs: 0, ms });
  const after = await counts(client, store);
  return { confirms: ((after.reads - before.reads) / ms) * CONFIRM_MS };
}

/** Reads and writes so far, where the server or the process can count them. */
async function counts(client, { option, server }) {
  if (option.type === 'file') return { reads: NaN, writes: NaN };
  if (option.type !== 'redis') return client.call('storeCalls');
  const text = await ask(server.port, 'INFO commandstats');
  const called = (name) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(text)?.[1] ?? 0);
  const writes = called('eval') + called('evalsha');
  // The script of a write reads once more.
  return { reads: called('hmget') - writes, writes };
}

async function together([first, second], { ms }) {
  const both = { ms, holdMs: HOLD_MS };
  const contended = await Promise.all([first.call('contend', both), second.call('contend', both)]);
  const led = await Promise.all([
    first.call('lead', { ms, everyMs: EVERY_MS }),
    second.call('follow', { ms }),
  ]);
  const [waiting, using] = [adoptions(contended), adoptions(led)];
  return {
    waitingP50: percentile(waiting.times, 0.5),
    waitingP99: percentile(waiting.times, 0.99),
    usingP50: percentile(using.times, 0.5),
    usingP99: percentile(using.times, 0.99),
    leaseP50: percentile(waiting.waits, 0.5),
    leaseP99: percentile(waiting.waits, 0.99),
    contended: (contended.reduce((sum, { returned }) => sum + returned.length, 0) / ms) * 1000,
  };
}

/** Of each token that a process got from the other: the time since `refresh` had returned it, and since the process asked. */
function adoptions(processes) {
  const returned = new Map(processes.flatMap((process) => process.returned));
  const adopted = processes.flatMap((process) => {
    const own = new Map(process.returned);
    return process.got.filter(({ token }) => returned.has(token) && !own.has(token));
  });
  const sorted = (times) => Float64Array.from(times).sort();
  return {
    times: sorted(adopted.map(({ token, at }) => at - returned.get(token))),
    waits: sorted(adopted.map(({ asked, at }) => at - asked)),
  };
}

module.exports = { openStore, runFleet };
