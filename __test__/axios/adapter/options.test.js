'use strict';

// What the adapter takes and refuses, and whose errors it throws.

const { spawnSync } = require('node:child_process');
const http = require('node:http');
const https = require('node:https');
const path = require('node:path');
const axios = require('axios');
const axios10 = require('axios-1.0');
const { axiosAdapter } = require('../../../lib/axios.js');
const { clientFor, closeServers, failure, serve } = require('../../requests/servers.js');

afterEach(closeServers);
jest.setTimeout(60_000);

const ROOT = path.join(__dirname, '..', '..', '..');

async function api(options) {
  const server = await serve();
  return axios.create({ adapter: axiosAdapter(clientFor(server), options), proxy: false });
}

class TunnelAgent extends http.Agent {}

test.each([
  ['socketPath', '/var/run/docker.sock'],
  ['proxy', { host: '127.0.0.1', port: 3128 }],
  ['transport', http],
  ['lookup', (_host, _options, done) => done(null, '127.0.0.1', 4)],
  ['family', 6],
  ['maxRate', 1000],
  ['decompress', false],
  ['httpAgent', new TunnelAgent()],
  ['httpsAgent', new https.Agent({ rejectUnauthorized: false })],
  ['httpsAgent', new https.Agent({ cert: 'c', key: 'k' })],
  ['httpAgent', new http.Agent({ localAddress: '127.0.0.2' })],
  ['httpAgent', Object.assign(new http.Agent(), { createConnection: () => {} })],
])('%s that cannot be honoured is refused', async (name, value) => {
  const error = await failure((await api()).get('/', { [name]: value }));
  expect(error).toBeInstanceOf(axios.AxiosError);
  expect(error.code).toBe('ERR_NOT_SUPPORT');
  expect(error.message).toContain(name);
});

test.each([
  ['httpAgent', new http.Agent({ keepAlive: true, maxSockets: 10, timeout: 1000 })],
  ['httpsAgent', new https.Agent({ keepAlive: true })],
  ['httpAgent', http.globalAgent],
  ['proxy', false],
  ['decompress', true],
  ['insecureHTTPParser', true],
  ['withCredentials', true],
])('%s without consequences is ignored', async (name, value) => {
  expect((await (await api()).get('/', { [name]: value })).data).toBe('ok');
});

test.each([
  ['newest', axios],
  ['1.0', axios10],
])('options that a polluted prototype adds are none, axios %s', async (_version, copy) => {
  const polluted = { socketPath: '/tmp/x', skipAuthRefresh: true, beforeRedirect: () => {} };
  const server = await serve();
  const instance = copy.create({ adapter: axiosAdapter(clientFor(server), { axios: copy }) });
  try {
    for (const [name, value] of Object.entries(polluted)) {
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
    }
    expect((await instance.get('/')).data).toBe('ok');
  } finally {
    for (const name of Object.keys(polluted)) delete Object.prototype[name];
  }
  expect(server.seen[0].headers.authorization).toBeDefined();
});

test('what is no TokenClient is refused at once', () => {
  const invalid = expect.objectContaining({ code: 'ERR_INVALID_OPTION' });
  for (const client of [undefined, null, {}, axios]) expect(() => axiosAdapter(client)).toThrow(invalid);
  const client = clientFor(undefined);
  for (const options of [null, 1, { axios: {} }, { axios: axios.create() }, { axois: axios }]) {
    expect(() => axiosAdapter(client, options)).toThrow(invalid);
  }
});

test('the axios that is passed is the one whose errors are thrown', async () => {
  const server = await serve((_request, response) => response.writeHead(500).end());
  const instance = axios10.create({ adapter: axiosAdapter(clientFor(server), { axios: axios10 }) });
  const error = await failure(instance.get('/'));
  expect(error).toBeInstanceOf(axios10.AxiosError);
  expect(error).not.toBeInstanceOf(axios.AxiosError);
});

test('a request of another copy than ours gets errors of one that it can tell', async () => {
  const server = await serve((_request, response) => response.writeHead(500).end());
  const instance = axios10.create({ adapter: axiosAdapter(clientFor(server)) });
  const error = await failure(instance.get('/'));
  expect(axios10.isAxiosError(error)).toBe(true);
});

/** Runs an ES module, and gives what it printed. */
function runModule(source) {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    cwd: ROOT,
    env: { ...process.env },
    encoding: 'utf8',
  });
  return { stdout: stdout.trim(), stderr };
}

test('a program of ES modules gets errors of its own axios', () => {
  const { stdout, stderr } = runModule(`
    import axios, { AxiosError, CanceledError } from 'axios';
    import { TokenClient } from 'token-rotator';
    import { axiosAdapter } from 'token-rotator/axios';
    const client = new TokenClient({ tokens: { accessToken: 'a' }, refresh() {} });
    const api = axios.create({ adapter: axiosAdapter(client) });
    const error = await api.get('http://127.0.0.1:1/', { skipAuthRefresh: true }).catch((reason) => reason);
    const signal = AbortSignal.abort();
    const canceled = await api.get('http://127.0.0.1:1/', { signal }).catch((reason) => reason);
    const required = (await import('node:module')).createRequire(import.meta.url)('axios').AxiosError;
    console.log(error instanceof AxiosError, error instanceof required, canceled instanceof CanceledError);
    await client.close();
  `);
  expect([stdout, stderr]).toEqual(['true false true', '']);
});

test('nothing of axios is loaded before an adapter is made', () => {
  const { stdout } = runModule(`
    import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    require('token-rotator/axios');
    console.log(Object.keys(require.cache).filter((file) => /node_modules.axios/.test(file)).length);
  `);
  expect(stdout).toBe('0');
});
