'use strict';

// How fast a figure grows over a run.

/** The slope of the line through `points`, `[x, y]`, by least squares. */
function slope(points) {
  const mean = (at) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const spread = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  return points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / spread;
}

/** The growth of `samples` per 10⁵ requests, for each figure, after the first fifth, in which caches and pools fill. */
function growth(samples) {
  const after = samples.slice(Math.floor(samples.length / 5));
  const of = (name) => slope(after.map((sample) => [sample.requests, sample[name]])) * 1e5;
  return {
    rssMb: of('rss') / 2 ** 20,
    heapMb: of('heap') / 2 ** 20,
    descriptors: of('descriptors'),
    threads: of('threads'),
    handles: of('handles'),
  };
}

/** Per 10⁵ requests. A descriptor or thread more at the end than at the beginning is less than this in a run of 10⁶. */
const LIMITS = { rssMb: 1, heapMb: 1, descriptors: 0.5, threads: 0.5, handles: 0.5 };

/** What grows faster than it may. */
function leaks(samples) {
  const grown = growth(samples);
  return Object.keys(LIMITS).filter((name) => !(grown[name] < LIMITS[name]));
}

module.exports = { LIMITS, growth, leaks };
