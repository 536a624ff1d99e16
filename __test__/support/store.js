'use strict';

// A user's own token store. Its latency is where rotation goes wrong: a read hands out what was there when it was
// asked, a write takes effect only when it is done.

const { setTimeout: sleep } = require('node:timers/promises');

/** Milliseconds a call may take, both ends included; null answers without a promise. */
const LATENCIES = { sync: null, '0-2 ms': 2, '0-50 ms': 50 };

/**
 * `tokens`: what it holds at first for session `default`; null for nothing.
 * `callbacks`: for the client. `held(session)`, `put(tokens, session)`: past the latency. `reads`, `writes`: what was asked.
 */
function makeStore(latency, tokens = null, { seed = 1 } = {}) {
  const longest = LATENCIES[latency];
  if (longest === undefined) throw new Error(`no such latency: ${latency}`);
  const random = seeded(seed);
  const shelf = new Map(tokens === null ? [] : [['default', tokens]]);
  const wait = () => sleep(Math.round(random() * longest));
  const store = {
    reads: [],
    writes: [],
    held: (session = 'default') => shelf.get(session) ?? null,
    put(value, session = 'default') {
      if (value === null) shelf.delete(session);
      else shelf.set(session, { ...value });
    },
    callbacks: {
      getTokens(session) {
        store.reads.push(session);
        const found = store.held(session);
        return longest === null ? found : wait().then(() => found);
      },
      setTokens(value, session) {
        store.writes.push({ session, tokens: value });
        if (longest === null) return store.put(value, session);
        return wait().then(() => store.put(value, session));
      },
    },
  };
  return store;
}

/** mulberry32: numbers in [0, 1), the same ones for the same seed. */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

module.exports = { LATENCIES, makeStore, seeded };
