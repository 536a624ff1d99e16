'use strict';

// One process of the fleet. It sends requests all the time, and tells its parent what became of them. Started by
// fleet.js with its settings as JSON.

const { performance } = require('node:perf_hooks');
const { setTimeout: pause } = require('node:timers/promises');
const { TokenClient } = require('..');
const { postgresStore } = require('../lib/postgres.js');
const { watchStalls } = require('./stalls.js');
const { fingerprint } = require('./token-endpoint.js');

const { id, url, tokenEndpoint, store, lanes, think, stalls, options } = JSON.parse(process.argv[2]);
const REPORT_MS = 100;
/** Between two requests of a session that is lost or whose store is down. */
const TROUBLE_MS = 30;

let counts = {};
let ending = false;
let spent;
let pool;

const client = new TokenClient({
  ...options,
  baseURL: url,
  store: storeOf(store),
  // Nothing ahead of expiry, so that the number of refreshes has a bound.
  refreshAhead: 0,
  refresh,
  onRefreshed: () => tell({ committed: spent }),
  onHookError: (_error, hook) => count(`hook: ${hook}`),
  onPersistFailed: () => tell({ unsaved: spent }),
});

async function refresh(refreshToken, { signal }) {
  spent = fingerprint(refreshToken);
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken ?? '' });
  const response = await fetch(tokenEndpoint, { method: 'POST', body, signal, headers: { 'x-worker': id } });
  const data = await response.json();
  if (!response.ok) throw Object.assign(new Error('refused'), { status: response.status, data });
  return data;
}

async function lane() {
  while (!ending) {
    const outcome = await request();
    count(outcome);
    await pause(outcome === '200' ? think : TROUBLE_MS);
  }
}

async function request() {
  const begun = performance.now();
  try {
    const { status } = await client.get('/api/orders');
    if (status !== 200) tell({ late: { outcome: String(status), ms: performance.now() - begun } });
    return String(status);
  } catch (error) {
    if (error.code === 'ERR_SESSION_LOST') tell({ lost: error.reason });
    if (isLate(error)) tell({ late: { outcome: error.code, ms: performance.now() - begun } });
    return error.code ?? `uncoded: ${error.message}`;
  }
}

/** A call of the store was dropped at its deadline. */
function isLate({ code, message }) {
  return code === 'ERR_STORE_UNAVAILABLE' && message.includes('in time');
}

function count(outcome) {
  counts[outcome] = (counts[outcome] ?? 0) + 1;
}

function report() {
  if (Object.keys(counts).length > 0) tell({ counts });
  counts = {};
}

function tell(message) {
  if (process.connected) process.send(message);
}

function storeOf({ type, ...settings }) {
  if (type === 'parent') return parentRegister();
  if (type !== 'postgres') return store;
  const { Pool } = require('pg');
  pool = new Pool(settings.pool);
  // A connection that ends while it is idle is an error of the pool.
  pool.on('error', () => {});
  return postgresStore(pool, { listen: () => pool.connect() });
}

/** A register in the parent. Its faults are the parent's. */
function parentRegister() {
  const asked = new Map();
  const watchers = new Set();
  let last = 0;
  process.on('message', ({ reply, changed }) => {
    if (changed !== undefined) watchers.forEach((watcher) => watcher(changed));
    if (reply === undefined) return;
    const { resolve, reject } = asked.get(reply.number);
    asked.delete(reply.number);
    if (reply.error === undefined) resolve(reply.result);
    else reject(new Error(reply.error));
  });
  const ask = (name, ...args) =>
    new Promise((resolve, reject) => {
      last += 1;
      asked.set(last, { resolve, reject });
      tell({ ask: { number: last, name, args } });
    });
  return {
    read: (session) => ask('read', session),
    compareAndSet: (session, next, expected) => ask('compareAndSet', session, next, expected),
    watch: async (watcher) => {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
}

const running = [];

process.on('message', async ({ login, begin, probe, end }) => {
  if (login) {
    const outcome = await client.setTokens(login).then(
      () => 'done',
      (error) => error.code,
    );
    tell({ loggedIn: outcome });
  }
  if (begin) for (let i = 0; i < lanes; i += 1) running.push(lane());
  if (probe) tell({ probed: await request() });
  if (end) {
    ending = true;
    await Promise.all(running);
    report();
    tell({ stats: client.stats() });
    await client.close();
    await pool?.end();
    process.disconnect();
  }
});

// A worker whose parent is gone has nobody to report to. A worker that ends by itself does so because nothing is left to do.
process.once('disconnect', () => (ending ? clearInterval(reporting) : process.exit()));
const reporting = setInterval(report, REPORT_MS);
if (stalls) {
  watchStalls(
    stalls,
    id,
    () => ending,
    (ms) => tell({ stalled: ms }),
  );
}
tell({ ready: true });
