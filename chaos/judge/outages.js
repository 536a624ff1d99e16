'use strict';

// When a store, which `chaos/stores` opened, could not keep what a process wrote.

const { MISSED } = require('./times.js');

/** A replica has all but the last moment of what its master had. */
const BEHIND_MS = 1000;

/** True if the process could not write for nearly a lease after `from`. */
function wasCutOff({ outages, register }, lease, worker, from, to) {
  const missed = MISSED * lease;
  // A holder whose commit failed repeats it after pauses, and does not renew.
  if (outages.some((outage) => outage.to > from && to - outage.from >= missed)) return true;
  const times = register?.written.get(worker.id);
  if (times === undefined) return false;
  // From the claim on, which was written just before the token was sent.
  const claim = times.findLast((at) => at <= from) ?? from;
  const marks = [...times.filter((at) => at >= claim && at < to), to];
  return marks.some((at, i) => i > 0 && at - marks[i - 1] >= missed);
}

/** True if what was committed then may be gone at `to`: the replica that took over did not have it yet. */
function wentBack({ server, outages }, committed, to) {
  const isLost = (outage) => committed > outage.from - BEHIND_MS && committed < outage.to && outage.from < to;
  return server?.failover !== undefined && outages.some(isLost);
}

module.exports = { wasCutOff, wentBack };
