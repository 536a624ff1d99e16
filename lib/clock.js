'use strict';

// The real clock and the real timers. Nothing else in lib uses the globals (eslint refuses it), because fake timers of a test would
// then hold a request until the test moves its clock, which it does after the request.

const { performance } = require('node:perf_hooks');
// Of the module, and not the globals: a test environment may fake these before it loads this file, or have none.
const {
  clearImmediate,
  clearInterval,
  clearTimeout,
  setImmediate,
  setInterval,
  setTimeout,
} = require('node:timers');

/** Epoch ms. jest's `enableGlobally` fakes Date before this file is loaded. */
const now =
  'isFake' in Date ? () => Math.round(performance.timeOrigin + performance.now()) : Date.now.bind(Date);

/** Milliseconds since this thread began, with fractions. */
const sinceStart = performance.now.bind(performance);

/** Calls `work` when the caller's code has ended. An error of it is the program's own. @param {() => unknown} work */
function soon(work) {
  Promise.resolve()
    .then(() => void work())
    .catch((error) => {
      setImmediate(() => {
        throw error;
      });
    });
}

module.exports = {
  ...{ clearImmediate, clearInterval, clearTimeout, setImmediate, setInterval, setTimeout },
  ...{ now, sinceStart, soon },
};
