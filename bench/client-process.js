'use strict';

// One client in a Node process of its own, so that no client measures another's heap, JIT or sockets.

const path = require('node:path');
const { startModule } = require('../tools/leftovers.js');

/** Longer than any call here should take, short enough that a client that hangs is only one lost case. */
const CALL_MS = 120_000;

/** `setup` is what child.js needs to make the client: peer, origin, tokens … `bench`: whose child.js. */
async function startClient(setup, bench = __dirname) {
  const execArgv = ['--expose-gc'];
  const child = startModule(path.join(bench, 'child.js'), [], {
    execArgv,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const client = {
    call: (method, args) => call(child, method, args),
    stop: () => child.kill('SIGKILL'),
  };
  try {
    await client.call('open', setup);
  } catch (error) {
    client.stop();
    throw error;
  }
  return client;
}

/** Calls do not overlap: the next message is the answer. */
function call(child, method, args) {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => settle(reject, new Error(`${method}: no answer`)), CALL_MS);
    const onMessage = ({ result, error }) =>
      error ? settle(reject, new Error(error)) : settle(resolve, result);
    const onExit = (code, signal) => settle(reject, new Error(`${method}: client ended (${signal ?? code})`));
    function settle(how, value) {
      clearTimeout(deadline);
      child.off('message', onMessage).off('exit', onExit);
      how(value);
    }
    child.once('message', onMessage).once('exit', onExit);
    if (child.connected) child.send({ method, args });
    else onExit(child.exitCode, child.signalCode);
  });
}

module.exports = { startClient };
