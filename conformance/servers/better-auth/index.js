'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { run, serve } = require('../../processes.js');
const { pinned } = require('../pinned.js');

const version = pinned(path.join(__dirname, 'package.json'), '@better-auth/oauth-provider');
const FILES = ['package.json', 'package-lock.json', 'server.mjs'];
const INSTALL = ['ci', '--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund'];

/** better-auth's OAuth provider, with `setting` of the plugin. */
async function start(folder, setting) {
  await install(folder);
  const args = [path.join(folder, 'server.mjs'), JSON.stringify(setting)];
  const { ready, stop } = await serve(process.execPath, args, { cwd: folder }, (written) => {
    const [line] = /^\{"port".*\}$/m.exec(written) ?? [];
    return line === undefined ? undefined : JSON.parse(line);
  });
  const url = `http://127.0.0.1:${ready.port}`;
  return {
    tokenEndpoint: `${url}/api/auth/oauth2/token`,
    clientId: ready.clientId,
    auth: { method: 'client_secret_basic', clientSecret: ready.clientSecret },
    login: async () => (await fetch(`${url}/login`, { method: 'POST' })).json(),
    stop,
  };
}

/** Installs what the lock file names, unless that was done. The server lies beside it, because it finds its modules there. */
async function install(folder) {
  const lock = path.join(folder, 'node_modules', '.package-lock.json');
  const source = path.join(__dirname, 'package-lock.json');
  const isInstalled = fs.existsSync(lock) && fs.statSync(lock).mtimeMs > fs.statSync(source).mtimeMs;
  fs.mkdirSync(folder, { recursive: true });
  for (const file of FILES) fs.copyFileSync(path.join(__dirname, file), path.join(folder, file));
  if (!isInstalled) await run('npm', INSTALL, { cwd: folder });
}

module.exports = { start, version };
