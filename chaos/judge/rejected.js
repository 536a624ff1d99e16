'use strict';

// Refresh tokens that the server gave, and that the store never had although their process could write: the only valid token of
// the session was rejected. A register that asks for the lease alone rejects the answer of a holder that was stopped, and loses
// the session.

const { SLACK_MS } = require('./times.js');

/** `spends`, `workers` and `stalls` as the judge has them; `history` of the register. `now`: the end of the run. */
function rejected({ spends, workers, ledger, history, lease, stalls, cutOff, now }) {
  const by = new Map(workers.map((worker) => [worker.id, worker]));
  const sent = new Set(spends.map(({ token }) => token));
  // A process that takes over looks half a lease before it sends, at most (rule 7.3).
  const enough = lease / 2 + SLACK_MS;
  return spends.filter((spend, index) => {
    const { issued, delivered, isUnsaved, token, at } = spend;
    if (issued === null || delivered === false || isUnsaved) return false;
    if (history.tokens.has(issued) || sent.has(issued)) return false;
    const worker = by.get(spend.worker);
    // From then on the server had ended the session, or had given another token as well.
    const again = spends.slice(index + 1).find((later) => later.token === token)?.at;
    const ended = ledger.lost.find((lost) => lost.at >= at)?.at;
    const until = Math.min(...[now, worker.killedAt, again, ended].filter((time) => time !== undefined));
    return longestRun(at, until, worker, stalls) > enough && !cutOff(worker, at, until);
  });
}

/** How long the process ran at a stretch between these times. */
function longestRun(from, until, { id, stops }, stalls) {
  const pauses = [...stops, ...stalls.filter((stall) => stall.worker === id)].sort((a, b) => a.from - b.from);
  let [longest, runs] = [0, from];
  for (const pause of [...pauses, { from: until, to: until }]) {
    longest = Math.max(longest, Math.min(pause.from, until) - runs);
    runs = Math.max(runs, pause.to ?? until);
  }
  return longest;
}

module.exports = { rejected };
