'use strict';

// Requests that the machine has failed, because it stood still.

const { STALLED } = require('../stalls.js');

/** So long a session that cools down repeats an error of its store. */
const REPEATED_MS = 2000;
/** When the machine may have failed a request of this outcome, which ran in that time: `{ from, to }`. */
const EXCUSES = {
  // A call of the store ran into its deadline (rule 3.4).
  ERR_STORE_UNAVAILABLE: ({ from, to }) => ({ from: from - REPEATED_MS, to }),
  // The token ran out on its way, and so did that of each replay.
  401: ({ from, to }, ttl) => (to - from >= 2 * ttl ? { from, to } : undefined),
};

/** When the machine stood still. A process that was killed keeps its locks until the system has ended it. */
function standstills({ stalls, workers, lease }) {
  const killed = workers.filter(({ killedAt, goneAt }) => killedAt !== undefined && goneAt !== undefined);
  const ends = killed.map(({ killedAt, goneAt }) => ({ from: killedAt, to: goneAt }));
  return [...stalls, ...ends].filter(({ from, to }) => to - from >= STALLED * lease);
}

/** How many requests of each outcome a standstill excuses. */
function excuse({ failures, late, ttl }, stood) {
  const excused = {};
  for (const { outcome, ...ran } of late) {
    if (!(outcome in failures)) continue;
    const span = EXCUSES[outcome]?.(ran, ttl);
    if (span === undefined || !stood.some(({ from, to }) => from < span.to && to > span.from)) continue;
    excused[outcome] = (excused[outcome] ?? 0) + 1;
  }
  return excused;
}

module.exports = { excuse, standstills };
