'use strict';

// The programs of docs/getting-started.md, as they stand: each is served, with one refresh for each expiry.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { mkdtempSync, readFileSync, readdirSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { createInterface } = require('node:readline');
const { SECRET, startTokenServer } = require('./token-server.js');

const ROOT = path.join(__dirname, '../..');
const FOLDER = path.join(ROOT, 'examples/getting-started');

let server;
let directory;
let children;
beforeEach(async () => {
  server = await startTokenServer();
  directory = mkdtempSync(path.join(os.tmpdir(), 'getting-started-'));
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill();
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

jest.setTimeout(60_000);

function start(name, env = {}) {
  const settings = { API_URL: server.auth.url, TOKEN_ENDPOINT: server.tokenEndpoint, CLIENT_SECRET: SECRET };
  const child = spawn(process.execPath, [path.join(FOLDER, name)], {
    env: { ...process.env, ...settings, TOKEN_DIRECTORY: directory, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

/** The program's output, once it has ended by itself. */
async function run(name, env) {
  const child = start(name, env);
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8').on('data', (chunk) => (output[stream] += chunk));
  }
  const [code] = await once(child, 'close');
  return { code, ...output };
}

const SERVED = { code: 0, stdout: '200\n', stderr: '' };

test('machine.js: the first request asks for the first token', async () => {
  expect(await run('machine.js')).toEqual(SERVED);
  expect(server.auth.ledger.counts).toMatchObject({ logins: 1, apiRequests: 1, rejected: 0 });
});

test('environment.js: a restart does not send the token of the environment again', async () => {
  const { refreshToken } = server.auth.login('ada');
  const env = { REFRESH_TOKEN: refreshToken };
  expect(await run('environment.js', env)).toEqual(SERVED);
  expect(await run('environment.js', env)).toEqual(SERVED);
  server.auth.expire();
  expect(await run('environment.js', env)).toEqual(SERVED);
  expect(server.auth.ledger.counts).toMatchObject({ refreshes: 2, reuses: 0 });
});

test('users.js: a login, requests, an expiry, and a session that is lost', async () => {
  const child = start('users.js', { AUTHORIZATION_ENDPOINT: 'https://login.example.com/authorize' });
  const [loginPage] = await once(createInterface(child.stdout), 'line');
  const { origin } = new URL(loginPage);

  const first = await fetch(loginPage, { redirect: 'manual' });
  const headers = { cookie: first.headers.get('set-cookie').split(';')[0] };
  const state = new URL(first.headers.get('location')).searchParams.get('state');
  const open = (page) => fetch(`${origin}${page}`, { headers, redirect: 'manual' });
  const whereTo = async (page) => (await open(page)).headers.get('location');

  expect((await open('/callback?code=good&state=forged')).status).toBe(400);
  expect(await whereTo(`/callback?code=good&state=${state}`)).toBe('/orders');
  expect((await open('/orders')).status).toBe(200);
  server.auth.expire();
  expect(
    (await Promise.all(Array.from({ length: 20 }, () => open('/orders')))).map(({ status }) => status),
  ).toEqual(Array(20).fill(200));
  expect(server.auth.ledger.counts).toMatchObject({ logins: 1, refreshes: 1, reuses: 0 });
  server.auth.revoke();
  expect(await whereTo('/orders')).toBe('/login');
});

test('tenants.js: a tenant without a session does not disturb the others', async () => {
  const logins = { acme: server.auth.login('acme'), globex: server.auth.login('globex') };
  server.auth.revoke('globex');
  const { code, stdout, stderr } = await run('tenants.js', { LOGINS: JSON.stringify(logins) });
  expect({ code, stdout }).toEqual({ code: 0, stdout: '200 connect again\n' });
  expect(stderr).toBe('tenant:globex: has to connect its account again\n');
});

test.each(['axios.js', 'undici.js', 'fetch.js'])('%s: a refresh token is enough', async (name) => {
  const { refreshToken } = server.auth.login('ada');
  expect(await run(name, { REFRESH_TOKEN: refreshToken })).toEqual(SERVED);
  expect(server.auth.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0, apiRequests: 1, rejected: 0 });
});

test('the page names every program', () => {
  const page = readFileSync(path.join(ROOT, 'docs/getting-started.md'), 'utf8');
  expect(readdirSync(FOLDER).filter((name) => !page.includes(`examples/getting-started/${name}`))).toEqual(
    [],
  );
});
