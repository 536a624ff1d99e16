'use strict';

// Numbers that a seed repeats. Processes are never scheduled alike twice; what is done to them, and when, is.

const { createHash } = require('node:crypto');

/** A source for `name`, the same for the same seed whatever other sources gave. */
function randomOf(seed, name) {
  let state = createHash('sha256').update(`${seed} ${name}`).digest().readUInt32LE();
  /** Mulberry32: 0 ≤ n < 1. */
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    chance: (share) => next() < share,
    between: (low, high) => low + next() * (high - low),
    pick: (list) => list[Math.floor(next() * list.length)],
  };
}

module.exports = { randomOf };
