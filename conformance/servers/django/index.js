'use strict';

const path = require('node:path');
const { pythonServer } = require('../../python.js');
const { pinned } = require('../pinned.js');

const version = pinned(path.join(__dirname, 'requirements.txt'), 'django-oauth-toolkit');
const SECRET = 'secret of the app';

/** django-oauth-toolkit, with `setting` of its refresh tokens. */
async function start(folder, setting) {
  const { url, stop } = await pythonServer(folder, __dirname, [JSON.stringify(setting), SECRET]);
  return {
    tokenEndpoint: `${url}/o/token/`,
    clientId: 'app',
    auth: { method: 'client_secret_basic', clientSecret: SECRET },
    login: async () => (await fetch(`${url}/login`, { method: 'POST' })).json(),
    stop,
  };
}

module.exports = { start, version };
