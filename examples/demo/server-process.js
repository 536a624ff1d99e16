'use strict';

const { fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');

/** Forks the authorization server, so that it costs the client's event loop nothing. */
async function startServer({ accessTokenTtl, tokenLatency, apiLatency, clientSecret }) {
  // Without `expires_in`, only a rejected request tells that the token has run out.
  const lives = { accessTokenTtl, expiresIn: false };
  const options = { reuse: 'strict', clientSecret, latency: tokenLatency, apiLatency, ...lives };
  const child = fork(path.join(__dirname, 'server.js'), [JSON.stringify(options)]);
  const early = once(child, 'exit').then(([code]) => {
    throw new Error(`the server process ended with code ${code}`);
  });
  const answers = [];
  child.on('message', (message) => answers.shift()?.(message));
  const next = () => Promise.race([new Promise((resolve) => answers.push(resolve)), early]);

  const { url, tokenEndpoint, tokens } = await next();
  return {
    url,
    tokenEndpoint,
    /** The tokens of a fresh login. */
    tokens,
    /** The server's books as of now: `{ counts, lost }`. */
    ledger() {
      const answer = next();
      child.send('ledger');
      return answer;
    },
    async stop() {
      const ended = early.catch(() => {});
      child.disconnect();
      await ended;
    },
  };
}

module.exports = { startServer };
