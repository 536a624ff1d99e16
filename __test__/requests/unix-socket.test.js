'use strict';

const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { NetworkError, TokenClient } = require('../..');
const { QUERY, TOKEN, clientFor, failure, freePort } = require('./servers.js');
const tls = require('../support/tls');

// One of the two, so that neither is ever skipped.
if (process.platform === 'win32') {
  test('socketPath is not available', () => {
    expect(() => new TokenClient({ refresh() {}, socketPath: '\\\\.\\pipe\\x' })).toThrow('socketPath');
  });
} else {
  describe('socketPath', onUnix);
}

function onUnix() {
  let folder;
  const running = [];

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'token-rotator-'));
  });

  afterEach(async () => {
    for (const server of running.splice(0)) {
      server.closeAllConnections?.();
      await new Promise((resolve) => server.close(resolve));
    }
    fs.rmSync(folder, { recursive: true });
  });

  const at = (name) => path.join(folder, name);

  async function serve(name, server) {
    running.push(server);
    server.listen(at(name));
    await once(server, 'listening');
    return at(name);
  }

  function recording(make, options = {}) {
    const seen = [];
    const server = make.createServer(options, ({ method, url, headers }, response) => {
      seen.push({ method, url, headers });
      response.end(url);
    });
    return { server, seen };
  }

  test('every connection goes there; the URL gives host and path, and need not be encrypted', async () => {
    const { server, seen } = recording(http);
    const socketPath = await serve('a.sock', server);
    const client = clientFor({ url: 'http://api.internal:81/v1' }, { socketPath });
    expect(await (await client.get('/x?y=1')).text()).toBe('/v1/x?y=1');
    expect(await client.get(`http://nobody.invalid/z`, { skipAuthRefresh: true })).toMatchObject({
      status: 200,
    });
    expect(seen).toMatchObject([
      { url: '/v1/x?y=1', headers: { host: 'api.internal:81', authorization: `Bearer ${TOKEN}` } },
      { url: '/z', headers: { host: 'nobody.invalid' } },
    ]);
  });

  test('a connection is kept', async () => {
    const { server } = recording(http);
    let connections = 0;
    server.on('connection', () => connections++);
    const client = clientFor({ url: 'http://api' }, { socketPath: await serve('a.sock', server) });
    for (let i = 0; i < 3; i++) await (await client.get('/')).text();
    expect(connections).toBe(1);
  });

  test('https speaks TLS over it, with the certificate of the URL’s host', async () => {
    const { server, seen } = recording(https, { cert: tls.elsewhere, key: tls.key });
    const socketPath = await serve('tls.sock', server);
    const options = { socketPath, tls: { ca: tls.ca } };
    const client = clientFor({ url: 'https://elsewhere.example' }, options);
    expect(await client.get('/')).toMatchObject({ status: 200 });
    expect(seen).toMatchObject([{ headers: { host: 'elsewhere.example' } }]);
    const other = await failure(clientFor({ url: 'https://other.example' }, options).get('/'));
    expect(other).toMatchObject({ cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
  });

  test('the network is not used', async () => {
    const { server } = recording(http);
    const socketPath = await serve('a.sock', server);
    const url = `http://127.0.0.1:${await freePort()}`;
    expect(await clientFor({ url }, { socketPath }).get('/')).toMatchObject({ status: 200 });
    expect(await failure(clientFor({ url }).get('/'))).toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });

  async function expectNetworkError(socketPath, code) {
    const error = await failure(clientFor({ url: 'http://api.internal' }, { socketPath }).get(`/?${QUERY}`));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ code: 'ERR_NETWORK', retryable: true, cause: { code } });
    expect(error.message).toContain('http://api.internal ');
    expect(error.message).not.toContain(folder);
  }

  test('no socket there: ENOENT', () => expectNetworkError(at('none.sock'), 'ENOENT'));

  test('nobody listens any more: ECONNREFUSED', async () => {
    const server = net.createServer();
    await serve('a.sock', server);
    // Closing removes the name it was given.
    fs.renameSync(at('a.sock'), at('stale.sock'));
    await new Promise((resolve) => running.pop().close(resolve));
    await expectNetworkError(at('stale.sock'), 'ECONNREFUSED');
  });

  test('not permitted: EACCES', async () => {
    const { server, seen } = recording(http);
    const socketPath = await serve('a.sock', server);
    fs.chmodSync(socketPath, 0);
    const isRoot = process.getuid() === 0;
    if (isRoot) fs.chmodSync(folder, 0o755);
    if (isRoot) process.seteuid(65_534);
    try {
      await expectNetworkError(socketPath, 'EACCES');
    } finally {
      if (isRoot) process.seteuid(0);
    }
    expect(seen).toEqual([]);
  });

  test.each([
    ['too long', 'x'.repeat(200)],
    ['with a NUL', 'a\0b'],
  ])('a path that is %s is refused, and not shown', (_name, name) => {
    let error;
    try {
      clientFor({ url: 'http://api' }, { socketPath: at(name) });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringContaining('socketPath'),
    });
    expect(error.message).not.toContain(folder);
  });
}
