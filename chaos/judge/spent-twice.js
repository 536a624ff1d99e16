'use strict';

// Why a refresh token was spent twice (register.md §15).

const { MISSED, SLACK_MS } = require('./times.js');

/**
 * Each later spending of a token, with those before it: `[earlier[], later]`. A token that was only ever refused was never
 * spent: its session had ended before.
 */
function spentTwice(spends) {
  const spent = new Set(spends.filter(({ issued }) => issued !== null).map(({ token }) => token));
  const earlier = new Map();
  const found = [];
  for (const spend of spends.filter(({ token }) => spent.has(token))) {
    const before = earlier.get(spend.token) ?? [];
    if (before.length > 0) found.push([before.slice(), spend]);
    before.push(spend);
    earlier.set(spend.token, before);
  }
  return found;
}

/** The reason why the token was spent again; each earlier spending must have one. `by`: the workers by their ids. */
function explain([earlier, later], by, world) {
  const { stops } = by.get(later.worker);
  if (stops.some((stop) => earlier.some(({ at }) => stop.from < at) && justBefore(stop, later.at))) {
    return 'stopped before it sent';
  }
  const reasons = earlier.map((spend) => fate(spend, later.at, by.get(spend.worker), world));
  return reasons.includes(undefined) ? undefined : reasons.at(-1);
}

/** The reason why the tokens that this spending brought were not in the store at `until`, or not yet when the later one looked. */
function fate(spend, until, worker, { lease, cutOff, wentBack, stalls }) {
  const { at, committedAt, isUnsaved } = spend;
  const isCommitted = committedAt !== null && !isUnsaved && committedAt + SLACK_MS < until;
  if (!isCommitted) {
    if (worker.killedAt !== undefined && worker.killedAt <= until) return 'killed';
    if (spend.delivered === false) return 'answer lost';
  } else {
    if (wentBack(committedAt, until)) return 'the store went back';
    // A holder that comes back commits over the lease of the process that took over. That one's last look at the store was its
    // claim, at most half a lease before it sent (rule 7.3).
    if (until - committedAt > lease / 2 + SLACK_MS) return undefined;
  }
  const end = isCommitted ? committedAt : until;
  const silent = ({ from, to }) => Math.min(to ?? end, end) - Math.max(from, at) >= MISSED * lease;
  if (worker.stops.some(silent)) return 'stopped';
  if (stalls.some((stall) => stall.worker === worker.id && silent(stall))) return 'stood still';
  return cutOff(worker, at, end) ? 'cut off from the store' : undefined;
}

/** Its answer goes out within a moment after it runs again. */
function justBefore({ to }, at) {
  return to !== null && to <= at && at - to < 1000;
}

module.exports = { explain, spentTwice };
