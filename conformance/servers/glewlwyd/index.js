'use strict';

const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { gunzipSync } = require('node:zlib');
const { freePort } = require('../../../tools/free-port.js');
const { makeFolder, remove } = require('../../../tools/leftovers.js');
const { answers, run, serve } = require('../../processes.js');
const { pinned } = require('../pinned.js');

const PACKAGES = path.join(__dirname, 'packages.txt');
const version = pinned(PACKAGES, 'glewlwyd');
const CLIENT = { id: 'app', secret: randomBytes(16).toString('hex') };
const USER = { username: 'ada', password: randomBytes(16).toString('hex') };
const SCOPE = 'g_profile';
const LIFE_S = 3600;
/** The administrator of a new database. */
const ADMIN = { username: 'admin', password: 'password' };

/** glewlwyd with its plugin `oidc`, from the packages of Debian, unpacked and not installed. `setting`: parameters of the plugin. */
async function start(folder, setting) {
  await install(folder);
  const data = await makeFolder('glewlwyd-');
  const url = `http://127.0.0.1:${await freePort()}`;
  const configuration = path.join(data, 'glewlwyd.conf');
  fs.writeFileSync(configuration, configurationOf(folder, data, url));
  await makeDatabase(folder, data);
  const env = { ...process.env, LD_LIBRARY_PATH: libraries(folder) };
  const program = path.join(folder, 'usr/bin/glewlwyd');
  const args = [`--config-file=${configuration}`];
  const { stop } = await serve(program, args, { env }, answers(`${url}/config/`));
  await setUp(`${url}/api`, setting);
  const tokenEndpoint = `${url}/api/oidc/token`;
  return {
    tokenEndpoint,
    clientId: CLIENT.id,
    auth: { method: 'client_secret_basic', clientSecret: CLIENT.secret },
    login: () => login(tokenEndpoint),
    async stop() {
      await stop();
      await remove(data);
    },
  };
}

/** Fetches the packages of packages.txt, at the versions that are there, unless that was done. */
async function install(folder) {
  const packages = fs.readFileSync(PACKAGES, 'utf8').trim().split('\n');
  const done = path.join(folder, 'unpacked.txt');
  if (fs.existsSync(done) && fs.readFileSync(done, 'utf8') === packages.join('\n')) return;
  fs.rmSync(folder, { recursive: true, force: true });
  const debs = path.join(folder, 'debs');
  fs.mkdirSync(debs, { recursive: true });
  await run('apt-get', ['download', ...packages], { cwd: debs });
  for (const deb of fs.readdirSync(debs)) await run('dpkg', ['-x', path.join(debs, deb), folder]);
  fs.mkdirSync(path.join(folder, 'usr/lib/glewlwyd/user_middleware'), { recursive: true });
  fs.writeFileSync(done, packages.join('\n'));
}

function libraries(folder) {
  const base = path.join(folder, 'usr/lib');
  return fs
    .readdirSync(base)
    .filter((name) => name.includes('-linux-'))
    .map((name) => path.join(base, name))
    .join(':');
}

/** Without `use_secure_connection`: any value of it asks for a certificate. */
function configurationOf(folder, data, url) {
  const modules = path.join(folder, 'usr/lib/glewlwyd');
  return `
    port=${new URL(url).port}
    bind_address="127.0.0.1"
    external_url="${url}"
    login_url="login.html"
    api_prefix="api"
    log_mode="console"
    log_level="ERROR"
    cookie_domain="127.0.0.1"
    cookie_secure=0
    session_key="session"
    admin_scope="g_admin"
    profile_scope="g_profile"
    user_module_path="${modules}/user"
    user_middleware_module_path="${modules}/user_middleware"
    client_module_path="${modules}/client"
    user_auth_scheme_module_path="${modules}/scheme"
    plugin_module_path="${modules}/plugin"
    hash_algorithm="SHA512"
    database = { type = "sqlite3" path = "${data}/db" };
  `;
}

async function makeDatabase(folder, data) {
  const packed = path.join(folder, 'usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz');
  const script = path.join(data, 'init.sql');
  fs.writeFileSync(script, gunzipSync(fs.readFileSync(packed)));
  const program = 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())';
  await run(process.env.PYTHON ?? 'python3', ['-c', program, path.join(data, 'db'), script]);
}

/** The plugin, a client and a user, by the API for administrators. */
async function setUp(api, setting) {
  const { headers } = await post(`${api}/auth/`, ADMIN);
  const [session] = headers.getSetCookie().map((line) => line.split(';')[0]);
  const parameters = {
    iss: `${api}/oidc`,
    ...{ 'jwt-type': 'sha', 'jwt-key-size': '256', key: randomBytes(32).toString('hex') },
    ...{ 'access-token-duration': LIFE_S, 'refresh-token-duration': LIFE_S, 'code-duration': LIFE_S },
    ...{ 'refresh-token-rolling': false, 'allow-non-oidc': true },
    ...{ 'auth-type-password-enabled': true, 'auth-type-refresh-enabled': true },
    ...{ 'auth-type-client-enabled': false, 'auth-type-code-enabled': false },
    ...{ 'auth-type-implicit-enabled': false, 'auth-type-none-enabled': false },
    ...{ 'auth-type-token-enabled': false, 'auth-type-device-enabled': false },
    ...{ scope: [], 'additional-parameters': [], claims: [] },
    ...setting,
  };
  await post(
    `${api}/mod/plugin/`,
    { module: 'oidc', name: 'oidc', display_name: 'oidc', parameters },
    session,
  );
  const client = {
    ...{ client_id: CLIENT.id, name: CLIENT.id, password: CLIENT.secret, confidential: true, enabled: true },
    ...{ authorization_type: ['password', 'refresh_token'], redirect_uri: [], scope: [] },
    token_endpoint_auth_method: ['client_secret_basic'],
  };
  await post(`${api}/client/`, client, session);
  await post(`${api}/user/`, { ...USER, name: 'Ada', scope: [SCOPE], enabled: true }, session);
}

async function post(url, body, cookie) {
  const headers = { 'content-type': 'application/json', ...(cookie && { cookie }) };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${await answer.text()}`);
  return answer;
}

async function login(tokenEndpoint) {
  const basic = Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64');
  const answer = await fetch(tokenEndpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'password', ...USER, scope: SCOPE }),
  });
  const { access_token: accessToken, refresh_token: refreshToken } = await answer.json();
  return { accessToken, refreshToken };
}

module.exports = { start, version };
