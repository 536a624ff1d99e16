'use strict';

// This environment's one line to Rust. Rust wakes `pump` when it has something to deliver; promises settle inside
// `drain`, and calls of user code come out of it one by one, in the order in which they happened.

const { Port } = require('../native');
const { dispatch } = require('./dispatch.js');

const port = new Port(pump);

function pump() {
  for (;;) {
    const call = port.drain();
    if (call === undefined) return;
    dispatch(port, call);
  }
}

module.exports = { port };
