'use strict';

const { randomBytes } = require('node:crypto');
const path = require('node:path');
const { pythonServer } = require('../../python.js');
const { pinned } = require('../pinned.js');

const version = pinned(path.join(__dirname, 'requirements.txt'), 'Canaille');
/** Without signs that a form encodes: canaille takes the password of Basic as it is, against RFC 6749 §2.3.1. */
const SECRET = randomBytes(16).toString('hex');

/** canaille, an identity provider over Authlib. */
async function start(folder) {
  const { url, stop } = await pythonServer(folder, __dirname, [SECRET]);
  return {
    tokenEndpoint: `${url}/oauth/token`,
    clientId: 'app',
    auth: { method: 'client_secret_basic', clientSecret: SECRET },
    login: async () => (await fetch(`${url}/conformance-login`)).json(),
    stop,
  };
}

module.exports = { start, version };
