'use strict';

/**
 * `token-rotator/testing`: a rotating authorization server with an API beside it, on a real socket, for the
 * tests of programs that hold expiring tokens. It judges from the server's side: its ledger says which refresh
 * token was spent, which was spent twice, and which session that cost. Beside it, the duties of a store of the
 * program's own, as checks for any test runner.
 */

const { AuthServer } = require('./testing/auth-server.js');
const { readOptions } = require('./testing/options.js');
const { registerConformance } = require('./testing/register/conformance.js');

/**
 * Starts an authorization server on a port of its own.
 * @param {import('../testing').AuthServerOptions} [options]
 * @returns {Promise<import('../testing').AuthServer>}
 */
async function startAuthServer(options) {
  const server = new AuthServer(readOptions(options));
  await server.listen();
  // Cast, because some versions of Node have no Symbol.asyncDispose.
  return /** @type {any} */ (server);
}

module.exports = { registerConformance, startAuthServer };
