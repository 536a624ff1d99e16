'use strict';

// The key of a store, and the certificates of connections, from files, functions and variables: from the option to the wire.

const { createPrivateKey, randomBytes } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { TokenClient } = require('../../index.js');
const { clientFor, closeServers, serve } = require('../requests/servers.js');
const tls = require('../support/tls');

let folder;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'token-rotator-sources-'));
});

afterEach(async () => {
  await closeServers();
  delete process.env.TOKEN_ROTATOR_TEST_KEY;
  // Again, because a read that close() no longer waits for may make the lock file meanwhile. `rmSync` would not list the folder again.
  await fs.promises.rm(folder, { recursive: true, maxRetries: 5 });
});

const KEYS = {
  'a file with 32 bytes': (key) => file('key', key),
  'a file with base64': (key) => file('key', `${key.toString('base64')}\n`),
  'a file with two keys': (key) =>
    file('key', `${key.toString('base64')}\n${randomBytes(32).toString('base64')}\n`),
  'an environment variable'(key) {
    process.env.TOKEN_ROTATOR_TEST_KEY = key.toString('base64');
    return { env: 'TOKEN_ROTATOR_TEST_KEY' };
  },
  'a function that gives a Buffer': (key) => () => key,
  'a function that gives base64': (key) => async () => key.toString('base64'),
};

function file(name, content) {
  fs.writeFileSync(path.join(folder, name), content);
  return { file: path.join(folder, name) };
}

test.each(Object.entries(KEYS))('the key of a store is in %s', async (_name, given) => {
  const key = randomBytes(32);
  const store = path.join(folder, 'store');
  const tokensWith = async (own, work) => {
    const client = new TokenClient({
      ...{ baseURL: 'http://127.0.0.1:1', refresh() {}, share: randomBytes(8).toString('hex') },
      store: { type: 'file', path: store, key: own },
    });
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  };
  await tokensWith(given(key), (client) => client.setTokens({ accessToken: 'at-1', refreshToken: 'rt-1' }));
  const texts = fs.readdirSync(store).map((name) => fs.readFileSync(path.join(store, name), 'utf8'));
  expect(texts.some((text) => text.includes('sealed.1.'))).toBe(true);
  expect(texts.join()).not.toContain('rt-1');
  // The key itself opens the record.
  expect(await tokensWith(key, (client) => client.getAccessToken())).toBe('at-1');
});

const ENCRYPTED = createPrivateKey(tls.key).export({
  ...{ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'passphrase' },
});

test.each([
  ['values', () => ({ ca: tls.ca, cert: tls.server, key: ENCRYPTED, passphrase: 'passphrase' })],
  [
    'files',
    () => ({
      ...{ ca: file('ca', tls.ca), cert: file('cert', tls.server) },
      ...{ key: file('key', ENCRYPTED), passphrase: file('passphrase', 'passphrase\n') },
    }),
  ],
  ['functions', () => ({ ca: () => tls.ca, cert: async () => Buffer.from(tls.server), key: () => tls.key })],
])('a client shows its certificate, from %s', async (_name, own) => {
  const subjects = [];
  const answer = (request, response) => {
    subjects.push(request.socket.getPeerCertificate().subject?.CN);
    response.end('ok');
  };
  const server = await serve(answer, {
    secure: true,
    requestCert: true,
    rejectUnauthorized: true,
    ca: tls.ca,
  });
  expect(await clientFor(server, { tls: own() }).get('/')).toMatchObject({ status: 200 });
  expect(subjects).toEqual(['localhost']);
});

test('a certificate that cannot be read is an error that names the option and the file', async () => {
  const server = await serve(undefined, { secure: true });
  const missing = path.join(folder, 'missing.pem');
  const client = clientFor(server, { tls: { ca: { file: missing } } });
  await expect(client.get('/')).rejects.toMatchObject({
    code: 'ERR_INVALID_OPTION',
    message: `tls.ca cannot be used: the file ${missing} does not exist; check the path, and that the file is mounted`,
  });
});
