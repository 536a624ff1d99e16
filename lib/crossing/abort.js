'use strict';

// One listener for each signal, however many requests wait on it. Node takes the eleventh listener of a signal for a leak
// and warns, and a backend may well give one shutdown signal to all of its requests.

/** @type {WeakMap<AbortSignal, { waiting: Set<() => void>, abortAll: () => void }>}  signals that requests wait on */
const watched = new WeakMap();

/** Calls `abort` when the signal is aborted. @param {AbortSignal} signal @param {() => void} abort */
function watch(signal, abort) {
  const waiting = watched.get(signal)?.waiting;
  if (waiting !== undefined) {
    waiting.add(abort);
    return;
  }
  const all = new Set([abort]);
  const abortAll = () => all.forEach((each) => each());
  signal.addEventListener('abort', abortAll, { once: true });
  watched.set(signal, { waiting: all, abortAll });
}

/** @param {AbortSignal} signal @param {() => void} abort  as given to `watch` */
function unwatch(signal, abort) {
  const entry = watched.get(signal);
  if (!entry?.waiting.delete(abort) || entry.waiting.size > 0) return;
  watched.delete(signal);
  signal.removeEventListener('abort', entry.abortAll);
}

module.exports = { unwatch, watch };
