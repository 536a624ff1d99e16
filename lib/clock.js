'use strict';

// The real clock and the real timers. Nothing else in lib uses the globals, and eslint refuses it. With globals, fake timers would hold
// a request until the test moves its clock, and the test waits for the request before that.

// Of the module, and not the globals: a test environment may fake these before it loads this file, or have none.
const {
  clearImmediate,
  clearInterval,
  clearTimeout,
  setImmediate,
  setInterval,
  setTimeout,
} = require('node:timers');

/**
 * Of the module: fake timers replace the global object and not this one. It is loaded when it is first asked for, because a program
 * would else wait a millisecond longer for this package.
 */
let loaded;
const performance = () => (loaded ??= require('node:perf_hooks').performance);

/** Milliseconds since this thread began, with fractions. */
const sinceStart = () => performance().now();

/** Epoch ms. jest's `enableGlobally` fakes Date before this file is loaded. */
const now =
  'isFake' in Date ? () => Math.round(performance().timeOrigin + sinceStart()) : Date.now.bind(Date);

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
