'use strict';

const path = require('node:path');
const { serve } = require('../../processes.js');
const { pythonEnvironment } = require('../../python.js');
const { pinned } = require('../pinned.js');

const REQUIREMENTS = path.join(__dirname, 'requirements.txt');
const version = pinned(REQUIREMENTS, 'django-oauth-toolkit');
const SECRET = 'secret of the app';

/** django-oauth-toolkit, with `setting` of its refresh tokens. */
async function start(folder, setting) {
  const programs = await pythonEnvironment(folder, REQUIREMENTS);
  const args = [path.join(__dirname, 'server.py'), JSON.stringify(setting), SECRET];
  const { ready: port, stop } = await serve(path.join(programs, 'python'), args, {}, (written) =>
    Number(/"port": (\d+)/.exec(written)?.[1]),
  );
  const url = `http://127.0.0.1:${port}`;
  return {
    tokenEndpoint: `${url}/o/token/`,
    clientId: 'app',
    auth: { method: 'client_secret_basic', clientSecret: SECRET },
    login: async () => (await fetch(`${url}/login`, { method: 'POST' })).json(),
    stop,
  };
}

module.exports = { start, version };
