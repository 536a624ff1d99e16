'use strict';

// Says of each refresh token that was spent twice why that could not be helped (register.md §15), and what else went
// wrong. It judges by what the servers saw, and by what was done to the processes.

const { rejected } = require('./judge/rejected.js');
const { STALLED } = require('./stalls.js');

/** How late the word of a commit may be. */
const SLACK_MS = 50;
/** A lease is dead after 1.25 of itself, counted from the last renewal, which may be a third older than the silence. */
const MISSED = 0.8;

/** So long a session that cools down repeats an error of its store. */
const REPEATED_MS = 2000;
/** When the machine may have failed a request of this outcome, which ran in that time: `{ from, to }`. */
const EXCUSES = {
  // A call of the store ran into its deadline (rule 3.4).
  ERR_STORE_UNAVAILABLE: ({ from, to }) => ({ from: from - REPEATED_MS, to }),
  // The token ran out on its way, and so did that of each replay.
  401: ({ from, to }, ttl) => (to - from >= 2 * ttl ? { from, to } : undefined),
};

/**
 * `spends` as the token endpoint has them, `workers` as the fleet has them. `cutOff(worker, from, to)`: whether the store
 * kept the process from writing for a whole lease within that time. `wentBack(committed, to)`: whether the store may have lost
 * by then what was committed at that time. `failures`: how many requests ended with what no fault explains; `late`: when each of
 * these ran that time has failed, `{ outcome, from, to }`; `stalls`: when a small write of a process was as slow,
 * `{ worker, from, to }`. `history` of the register, if its store can show one; `now`: the end of the run.
 */
function judge({
  spends,
  workers,
  ledger,
  failures,
  late,
  stalls,
  unfounded,
  probes,
  strict,
  bound,
  ...world
}) {
  const by = new Map(workers.map((worker) => [worker.id, worker]));
  const reasons = {};
  const unexplained = [];
  const twice = spentTwice(spends);
  for (const [first, second] of twice) {
    const reason = explain(first, second, by, { ...world, stalls });
    if (reason === undefined) unexplained.push({ first, second });
    else reasons[reason] = (reasons[reason] ?? 0) + 1;
  }
  const stood = [...stalls, ...ends(workers)].filter(({ from, to }) => to - from >= STALLED * world.lease);
  const excused = excuse(failures, late, stood, world.ttl);
  const wrong = [
    ...unexplained.map((it) => `a token was spent twice without a reason: ${JSON.stringify(it)}`),
    ...Object.entries(failures)
      .map(([outcome, times]) => [outcome, times - (excused[outcome] ?? 0)])
      .filter(([, times]) => times > 0)
      .map(([outcome, times]) => `${times} requests ended with ${outcome}`),
    ...probes.filter((it) => it !== '200').map((it) => `at the end a request was answered with ${it}`),
    ...unfounded.map((reason) => `a process took the session for lost (${reason}), and the server did not`),
  ];
  const { refreshes, reuses, graced } = ledger.counts;
  if (!strict && ledger.lost.length > 0)
    wrong.push(`a server with a grace ended ${ledger.lost.length} sessions`);
  if (reuses !== twice.length)
    wrong.push(`the server saw ${reuses} tokens come back, and its endpoint ${twice.length}`);
  if (refreshes > bound) wrong.push(`${refreshes} refreshes, and ${bound} were enough`);
  const register = world.history && judgeRegister({ spends, workers, ledger, stalls, ...world });
  wrong.push(...(register?.wrong ?? []));
  return {
    rotations: refreshes,
    spentTwice: reuses,
    graced,
    reasons,
    excused,
    stalledMs: Math.round(Math.max(0, ...stood.map(({ from, to }) => to - from))),
    unexplained: unexplained.length,
    register: register?.counts,
    lost: ledger.lost.length,
    wrong,
  };
}

/** What the register's own history shows, beside the ledger. */
function judgeRegister(world) {
  const { history, ledger, spends, workers, lease } = world;
  const tokens = rejected(world);
  // The register calls a session lost that the server would have gone on with.
  const latched = Math.max(0, history.lost.size - ledger.lost.length);
  const stops = workers.flatMap(({ id, stops: all }) => all.map((stop) => ({ id, ...stop })));
  const long = stops.filter(({ from, to }) => to - from > lease);
  const isHolders = (stop) => spends.some((spend) => spend.worker === stop.id && isUnderWay(spend, stop));
  return {
    counts: {
      records: history.records,
      stops: long.length,
      ofHolders: long.filter(isHolders).length,
      stale: history.stale.length,
      rejected: tokens.length + latched,
    },
    wrong: [
      ...history.stale.map((what) => `the store accepted a stale write: ${what}`),
      ...tokens.map((spend) => `the only valid token was rejected: ${JSON.stringify(spend)}`),
      ...(latched > 0 ? [`the register calls ${latched} sessions lost that the server had not ended`] : []),
    ],
  };
}

/** The token was sent before the stop or during it, and its answer was not committed before. */
function isUnderWay({ at, committedAt }, { from, to }) {
  return at <= to && at >= from - SLACK_MS && (committedAt ?? Infinity) >= from;
}

/** How many requests of each outcome the machine has failed, because it stood still. */
function excuse(failures, late, stood, ttl) {
  const excused = {};
  for (const { outcome, ...ran } of late) {
    if (!(outcome in failures)) continue;
    const span = EXCUSES[outcome]?.(ran, ttl);
    if (span === undefined || !stood.some(({ from, to }) => from < span.to && to > span.from)) continue;
    excused[outcome] = (excused[outcome] ?? 0) + 1;
  }
  return excused;
}

/** A process that was killed keeps its locks until the system has ended it. */
function ends(workers) {
  const killed = workers.filter(({ killedAt, goneAt }) => killedAt !== undefined && goneAt !== undefined);
  return killed.map(({ killedAt, goneAt }) => ({ from: killedAt, to: goneAt }));
}

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

/** The reason why the token was spent again; each earlier spending must have one. */
function explain(earlier, later, by, world) {
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

module.exports = { judge };
