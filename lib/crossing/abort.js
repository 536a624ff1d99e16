'use strict';

// Signals, of Node and of polyfills. Each gets one listener, however many requests wait on it: Node takes the eleventh for a
// leak and warns, and a backend may well give one shutdown signal to all of its requests.

/** @type {WeakMap<AbortSignal, { waiting: Set<() => void>, abortAll: () => void }>}  signals that requests wait on */
const watched = new WeakMap();

/** The reasons of signals that have none themselves. @type {WeakMap<AbortSignal, DOMException>} */
const reasons = new WeakMap();

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

/**
 * The reason of a signal that is aborted, else undefined. Signals of old polyfills, such as abort-controller's, have no reason.
 * They get the error that the standard gives, the same one each time; without it, requests would reject with `undefined`.
 * @param {AbortSignal | undefined} signal
 */
function reasonOf(signal) {
  if (!signal?.aborted) return undefined;
  if (signal.reason !== undefined) return signal.reason;
  const reason = reasons.get(signal) ?? new DOMException('This operation was aborted', 'AbortError');
  reasons.set(signal, reason);
  return reason;
}

/** True if `error` is the signal's reason. The reason belongs to the program and stays as it is, even if it looks like an error of ours. */
function isReason(error, signal) {
  return Boolean(signal?.aborted) && error === reasonOf(signal);
}

module.exports = { isReason, reasonOf, unwatch, watch };
