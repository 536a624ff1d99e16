'use strict';

// A server in a process of its own, which answers questions over IPC.

const { fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');

/**
 * Starts `support/NAME.js` with `options` as its first argument. Resolves, once it listens, with what it then sends, and with `ask`,
 * which resolves with its answer to a question, and `stop`.
 */
async function startChild(name, options, forked) {
  const file = path.join(__dirname, `${name}.js`);
  const child = fork(file, [JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
    ...forked,
  });
  const [first] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (typeof first !== 'object') throw new Error(`${name} ended with code ${first}`);
  const asked = new Map();
  child.on('message', ({ number, answer }) => asked.get(number)?.(answer));
  let last = 0;
  return {
    ...first,
    ask(question = {}) {
      last += 1;
      const number = last;
      const answer = new Promise((resolve) => asked.set(number, resolve));
      child.send({ number, ...question });
      return answer;
    },
    async stop() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

module.exports = { startChild };
