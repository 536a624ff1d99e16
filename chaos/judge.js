'use strict';

// Says of each refresh token that was spent twice why that could not be helped, and what else went wrong. It judges by what the
// servers saw, and by what was done to the processes.

const { excuse, standstills } = require('./judge/excuses.js');
const { judgeRegister } = require('./judge/register.js');
const { explain, spentTwice } = require('./judge/spent-twice.js');

/**
 * - `spends` as the token endpoint has them, `workers` as the fleet has them, `ledger` of the server.
 * - `lease`, `ttl` of a token, `strict`: the server gives no grace. `bound`: so many refreshes are enough.
 * - `cutOff(worker, from, to)`: true if the store kept the process from writing for a whole lease within that time.
 * - `wentBack(committed, to)`: true if the store may have lost by then what was committed at that time.
 * - `failures`: how many requests ended with what no fault explains. `late`: when each of these ran that time has failed,
 *   `{ outcome, from, to }`. `stalls`: when a small write of a process was as slow, `{ worker, from, to }`.
 * - `unfounded`: reasons of processes that took the session for lost. `probes`: answers at the end.
 * - `history` of the register, if its store can show one; `now`: the end of the run.
 */
function judge(world) {
  const { spends, workers, ledger, failures, unfounded, probes, strict, bound } = world;
  const by = new Map(workers.map((worker) => [worker.id, worker]));
  const twice = spentTwice(spends);
  const explained = twice.map((pair) => ({ pair, reason: explain(pair, by, world) }));
  const unexplained = explained.filter(({ reason }) => reason === undefined);
  const stood = standstills(world);
  const excused = excuse(world, stood);
  const register = world.history && judgeRegister(world);
  const { refreshes, reuses, graced } = ledger.counts;
  const wrong = [
    ...unexplained.map(
      ({ pair: [first, second] }) =>
        `a token was spent twice without a reason: ${JSON.stringify({ first, second })}`,
    ),
    ...Object.entries(failures)
      .map(([outcome, times]) => [outcome, times - (excused[outcome] ?? 0)])
      .filter(([, times]) => times > 0)
      .map(([outcome, times]) => `${times} requests ended with ${outcome}`),
    ...probes.filter((it) => it !== '200').map((it) => `at the end a request was answered with ${it}`),
    ...unfounded.map((reason) => `a process took the session for lost (${reason}), and the server did not`),
  ];
  if (!strict && ledger.lost.length > 0)
    wrong.push(`a server with a grace ended ${ledger.lost.length} sessions`);
  if (reuses !== twice.length)
    wrong.push(`the server saw ${reuses} tokens come back, and its endpoint ${twice.length}`);
  if (refreshes > bound) wrong.push(`${refreshes} refreshes, and ${bound} were enough`);
  wrong.push(...(register?.wrong ?? []));
  return {
    rotations: refreshes,
    spentTwice: reuses,
    graced,
    reasons: counted(explained.map(({ reason }) => reason).filter((reason) => reason !== undefined)),
    excused,
    stalledMs: Math.round(Math.max(0, ...stood.map(({ from, to }) => to - from))),
    unexplained: unexplained.length,
    register: register?.counts,
    lost: ledger.lost.length,
    wrong,
  };
}

function counted(reasons) {
  const counts = {};
  for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

module.exports = { judge };
