'use strict';

// This environment's one line to Rust. Rust wakes `pump` when it has something to deliver; promises settle inside
// `drain`, and calls of user code come out of it one by one, in the order in which they happened.

const { Environment } = require('../../native');
const { dispatch } = require('./dispatch.js');

/** Async hooks are shown it. Tools that list what keeps a program running, jest's `--detectOpenHandles` for one, ask it. */
const resource = { hasRef: () => environment.hasRef() };

const environment = new Environment(pump, resource);

function pump() {
  for (;;) {
    const call = environment.drain();
    if (call === undefined) return;
    try {
      dispatch(environment, call);
    } catch (error) {
      escaped(error, call[2]);
    }
  }
}

/**
 * `dispatch` lets nothing escape but what the platform's own functions throw where they were replaced. It is an uncaught
 * exception like any other: not in here, where it would be the end of everything that waits behind it.
 */
function escaped(error, number) {
  process.nextTick(() => {
    throw error;
  });
  if (number !== 0) environment.replyFailed(number, 'unknown', undefined, 0);
}

module.exports = { environment };
