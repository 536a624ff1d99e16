'use strict';

// What the register's own history shows, beside the ledger.

const { rejected } = require('./rejected.js');
const { SLACK_MS } = require('./times.js');

/** `{ counts, wrong }`. `world` as the judge has it. */
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

module.exports = { judgeRegister };
