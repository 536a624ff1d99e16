'use strict';

// This environment's one line to Rust. Rust wakes `pump` when it has something to deliver; promises settle inside
// `drain`, and calls of user code come out of it one by one, in the order in which they happened.

const { Port } = require('../native');
const { dispatch } = require('./dispatch.js');

/** Async hooks are shown it. Tools that list what keeps a program running, jest's `--detectOpenHandles` for one, ask it. */
const resource = { hasRef: () => port.holds() };

const port = new Port(pump, resource);

function pump() {
  for (;;) {
    const call = port.drain();
    if (call === undefined) return;
    dispatch(port, call);
  }
}

module.exports = { port };
