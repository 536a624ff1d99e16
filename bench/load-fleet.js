'use strict';

// One of two processes that share a session: it rotates alone, in turn with the other, or follows the other's rotations.

const { setTimeout: sleep } = require('node:timers/promises');

const { postgresStore } = require('../lib/postgres.js');

/** How closely a process that follows looks. It asks for its token as often, which takes a microsecond. */
const LOOK_MS = 1;

/** A refresh that is held for a while, so that the other process meets it; and when each token was returned by `refresh`. */
const pace = { holdMs: 0, returned: new Map() };

/** Calls of the store, where this process can count them. */
const calls = { reads: 0, writes: 0 };

async function refreshed(tokens) {
  if (pace.holdMs > 0) await sleep(pace.holdMs);
  pace.returned.set(tokens.accessToken, now());
  return tokens;
}

/** A client's option `store`, of what the parent says. */
function storeOf(option) {
  if (option?.type === 'register') return counted(memory());
  if (option?.type !== 'postgres') return option;
  const { Pool } = require('pg');
  const pool = new Pool(option.pool);
  return counted(postgresStore(pool, { listen: () => pool.connect() }));
}

function counted({ read, compareAndSet, ...store }) {
  return {
    ...store,
    read(session) {
      calls.reads += 1;
      return read(session);
    },
    compareAndSet(session, next, expected) {
      calls.writes += 1;
      return compareAndSet(session, next, expected);
    },
  };
}

/** The smallest register there is: of this process alone, and without a watch. */
function memory() {
  const records = new Map();
  return {
    read: async (session) => records.get(session) ?? null,
    async compareAndSet(session, next, expected) {
      if ((records.get(session)?.version ?? null) !== expected) return false;
      records.set(session, next);
      return true;
    },
  };
}

/** One rotation after the other. `uses`: each after the token was used, so that the process follows changes of the store. */
async function alone(client, { ms, uses }) {
  const [begun, before] = [now(), { ...calls }];
  let rotations = 0;
  while (now() - begun < ms) {
    if (uses) await client.accessToken();
    await client.rotate();
    rotations += 1;
  }
  const counts = { reads: calls.reads - before.reads, writes: calls.writes - before.writes };
  return { rotations, perSecond: (rotations / (now() - begun)) * 1000, ...counts };
}

/** Asks for the next token as soon as there is one: whoever comes second waits for the other's. */
async function contend(client, { ms, holdMs }) {
  pace.holdMs = holdMs;
  pace.returned = new Map();
  const got = [];
  const begun = now();
  let token = await client.accessToken();
  while (now() - begun < ms) {
    const asked = now();
    token = await client.rotate(token);
    got.push({ token, asked, at: now() });
  }
  pace.holdMs = 0;
  return { returned: [...pace.returned], got };
}

async function lead(client, { ms, everyMs }) {
  pace.returned = new Map();
  for (const begun = now(); now() - begun < ms;) {
    await client.rotate();
    await sleep(everyMs);
  }
  return { returned: [...pace.returned], got: [] };
}

async function follow(client, { ms }) {
  const got = [];
  let token = await client.accessToken();
  for (const begun = now(); now() - begun < ms; await sleep(LOOK_MS)) {
    const next = await client.accessToken();
    if (next !== token) got.push({ token: next, asked: now(), at: now() });
    token = next;
  }
  return { returned: [], got };
}

/** Of one clock for all processes of the machine. */
function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}

module.exports = { alone, calls, contend, follow, lead, refreshed, storeOf };
