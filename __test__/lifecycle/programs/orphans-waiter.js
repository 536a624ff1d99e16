'use strict';

// One who waits for a rotation that another thread has begun.

const { code, settings } = require('./program.js');

const REQUESTS = 20;

function waiter(connect) {
  let held = settings.tokens;
  const client = connect({
    share: 'orphans',
    tokens: undefined,
    getTokens: async () => held,
    setTokens: async (tokens) => {
      held = tokens;
    },
  });
  const outcome = () => client.get('/api/orders').then((answer) => answer.status, code);
  return {
    outcomes: Promise.all(Array.from({ length: REQUESTS }, outcome)),

    async waiting() {
      while (client.stats().queued < REQUESTS) await new Promise(setImmediate);
    },

    /** A request's status, once the session's pause is over. */
    async next() {
      for (;;) {
        try {
          return (await client.get('/api/orders')).status;
        } catch (error) {
          if (!error.retryable) throw error;
          await new Promise((resolve) => setTimeout(resolve, error.retryAfter ?? 0));
        }
      }
    },
  };
}

module.exports = { waiter };
