'use strict';

// A worker that never rests: requests, rotations, a store and a refresh that takes its time, on sessions of its own and
// on one it shares. Says so after each answer.

const { parentPort } = require('node:worker_threads');
const { connect, settings, traffic } = require('./program.js');

const answered = () => parentPort.postMessage('answered');
const store = (held) => ({
  tokens: undefined,
  getTokens: async () => held,
  setTokens: (tokens) => new Promise((resolve) => setImmediate(resolve, (held = tokens))),
});

traffic(connect({ share: 'all' }), 8, answered);
const own = connect(store(settings.tokens));
traffic(own, 8, answered);
(async () => {
  for (;;) await own.rotate().catch(() => new Promise(setImmediate));
})();
