'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { TokenClient } = require('../..');

/** A client as a backend would make one: Rust asks the token endpoint, and the tokens are in a store of its own. */
function connect({ url, tokenEndpoint, tokens }, { clientSecret, storeLatency: [min, max] }) {
  // A store somewhere else: every access takes as long as it takes.
  const store = new Map([['demo', tokens]]);
  const latency = () => sleep(min + Math.random() * (max - min));

  return new TokenClient({
    baseURL: url,
    session: 'demo',
    grant: {
      type: 'refresh_token',
      tokenEndpoint,
      clientId: 'demo',
      auth: { method: 'client_secret_basic', clientSecret },
    },
    refreshAhead: 0, // Rotate when a token has run out, not before: that makes refreshes per expiry exactly 1.
    async getTokens(session) {
      await latency();
      return store.get(session);
    },
    async setTokens(next, session) {
      await latency();
      store.set(session, next);
    },
  });
}

module.exports = { connect };
