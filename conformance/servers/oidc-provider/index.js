'use strict';

const { once } = require('node:events');
const path = require('node:path');
const { startModule } = require('../../../tools/leftovers.js');

const PROGRAM = path.join(__dirname, '../../../__test__/support/oidc-provider.js');
const { version } = require('oidc-provider/package.json');

/** npm oidc-provider, as the tests have it. */
async function start() {
  const child = startModule(PROGRAM, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (typeof message !== 'object') throw new Error(`oidc-provider ended with code ${message}`);
  const url = `http://127.0.0.1:${message.port}`;
  return {
    tokenEndpoint: `${url}/token`,
    clientId: 'app',
    auth: { method: 'none' },
    login: async () => (await fetch(`${url}/login`)).json(),
    async stop() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

module.exports = { start, version };
