'use strict';

// One listener for each signal, however many requests wait on it: Node takes the eleventh on one signal for a leak
// and warns, and a backend may well give one shutdown signal to all of its requests.

const { port } = require('./port.js');

/** signal → { numbers, abort }, while any request waits on it. */
const watched = new WeakMap();

/** Has the request of this number aborted together with the signal. */
function watch(signal, number) {
  const waiting = watched.get(signal)?.numbers;
  if (waiting !== undefined) {
    waiting.add(number);
    return;
  }
  const numbers = new Set([number]);
  const abort = () => numbers.forEach((each) => port.abort(each));
  signal.addEventListener('abort', abort, { once: true });
  watched.set(signal, { numbers, abort });
}

function unwatch(signal, number) {
  const { numbers, abort } = watched.get(signal);
  numbers.delete(number);
  if (numbers.size > 0) return;
  watched.delete(signal);
  signal.removeEventListener('abort', abort);
}

module.exports = { unwatch, watch };
