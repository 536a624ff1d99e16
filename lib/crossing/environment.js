'use strict';

// The one connection to Rust of this environment, which is a thread with its event loop. Rust wakes `pump` when it has
// something to deliver. `drain` settles promises and returns calls of user code, one by one, in the order of their events.

const { Environment } = require('../../native');
const { dispatch } = require('./dispatch.js');

/** For async hooks, and for tools that list what keeps a program running, such as jest's `--detectOpenHandles`. */
const resource = { hasRef: () => environment.hasRef() };

const environment = new Environment(pump, resource);

function pump() {
  for (;;) {
    const call = environment.drain();
    if (call === undefined) return;
    try {
      dispatch(environment, call);
    } catch (error) {
      throwLater(error, call[2]);
    }
  }
}

/**
 * `dispatch` throws only where a program replaced a function of the platform and that one throws. Thrown again later, as an
 * uncaught exception: thrown here, it would end the delivery of everything that waits behind this call.
 */
function throwLater(error, number) {
  process.nextTick(() => {
    throw error;
  });
  if (number !== 0) environment.replyFailed(number, 'unknown', undefined, 0);
}

module.exports = { environment };
