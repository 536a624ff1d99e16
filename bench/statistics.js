'use strict';

// The few numbers the reports are made of.

/** `sorted` ascending; nearest rank. */
function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Half the distance between the best and the worst round, as a share of the median. */
function spread(values) {
  return (Math.max(...values) - Math.min(...values)) / 2 / median(values);
}

/** Rounds of one client → the median of each figure. A figure that is not a number in every round is left out. */
function summarize(rounds) {
  const summary = {};
  for (const key of Object.keys(rounds[0])) {
    const values = rounds.map((round) => round[key]);
    if (values.every(Number.isFinite)) summary[key] = median(values);
  }
  return summary;
}

/**
 * Median over rounds of ours ÷ theirs. Round by round, because the two rounds of a pair ran next to each other:
 * what the machine did meanwhile hit both.
 */
function pairedRatio(ours, theirs, key) {
  const ratios = ours.map((round, i) => round[key] / theirs[i]?.[key]).filter(Number.isFinite);
  return ratios.length ? median(ratios) : null;
}

module.exports = { median, pairedRatio, percentile, spread, summarize };
