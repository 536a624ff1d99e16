'use strict';

// Secrets, keys and certificates are exchanged on disk while requests run, in all the ways in which files change. No request fails, and
// nothing is restarted. `EXCHANGES=100 npx jest __test__/grants/exchange.test.js` is a longer campaign.

const { X509Certificate, createPublicKey, generateKeyPairSync, verify } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const os = require('node:os');
const path = require('node:path');
const { text } = require('node:stream/consumers');
const { TokenClient } = require('../../index.js');
const tls = require('../support/tls');

const EXCHANGES = Number(process.env.EXCHANGES ?? 25);
const WORKERS = 4;

let folder;
let world;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'token-rotator-exchange-'));
});

afterEach(async () => {
  await world?.close();
  world = undefined;
  fs.rmSync(folder, { recursive: true });
});

/** A token endpoint and an API. `check` gives the credential of a token request, or undefined to refuse the client. */
async function serve(check, secure) {
  const issued = new Set();
  const state = { used: [], refused: 0, failures: [], peers: new Set() };
  const listener = async (request, response) => {
    const answer = (status, body, headers) =>
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(body));
    if (request.url === '/api') {
      const [, token] = (request.headers.authorization ?? '').split(' ');
      return issued.has(token) ? answer(200, {}) : answer(401, {}, { 'www-authenticate': 'Bearer' });
    }
    const credential = check(new URLSearchParams(await text(request)), request);
    if (credential === undefined) {
      state.refused += 1;
      return answer(401, { error: 'invalid_client' });
    }
    state.used.push(credential);
    const token = `token-${issued.size}`;
    issued.add(token);
    return answer(200, { access_token: token, token_type: 'Bearer', expires_in: 3600 });
  };
  const server = secure ? https.createServer(secure, listener) : http.createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `${secure ? 'https' : 'http'}://127.0.0.1:${server.address().port}`;
  return { server, url, state };
}

/** A client under traffic: `WORKERS` requests are always under way. */
function start({ server, url, state }, auth, options) {
  const grant = { type: 'client_credentials', tokenEndpoint: `${url}/token`, clientId: 'app', auth };
  const client = new TokenClient({ baseURL: url, grant, ...options });
  let running = true;
  const statuses = new Map();
  const work = async () => {
    while (running) {
      const { status } = await client.get('/api');
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  const workers = Array.from({ length: WORKERS }, work);
  // Else a request that fails early is an unhandled rejection, and the exchanges go on for nothing.
  const failed = Promise.all(workers);
  failed.catch((error) => state.failures.push(error));
  const stop = async () => {
    running = false;
    await failed;
    expect([...statuses.keys()]).toEqual([200]);
    return statuses.get(200);
  };
  const close = async () => {
    running = false;
    await Promise.allSettled(workers);
    await client.close();
    server.closeAllConnections();
    server.close();
  };
  world = { close };
  return { client, stop };
}

/** Writes `content` to `name` in another way each time: by a rename, in place and in two halves, or by a symlink that is swapped. */
async function exchange(name, content, n, whileHalf) {
  const file = path.join(folder, name);
  if (n % 3 === 0) {
    fs.writeFileSync(`${file}.new`, content);
    fs.renameSync(`${file}.new`, file);
    return;
  }
  if (n % 3 === 1) {
    fs.rmSync(file, { force: true });
    const handle = fs.openSync(file, 'w');
    const half = Math.floor(content.length / 2);
    fs.writeSync(handle, content.slice(0, half));
    await whileHalf();
    fs.writeSync(handle, content.slice(half));
    fs.closeSync(handle);
    return;
  }
  fs.writeFileSync(`${file}.${n}`, content);
  fs.rmSync(`${file}.link`, { force: true });
  fs.symlinkSync(`${file}.${n}`, `${file}.link`);
  fs.renameSync(`${file}.link`, file);
}

test(`a secret is exchanged ${EXCHANGES} times`, async () => {
  const known = new Set(['secret-0']);
  const secretOf = (form) => (known.has(form.get('client_secret')) ? form.get('client_secret') : undefined);
  const served = await serve(secretOf);
  fs.writeFileSync(path.join(folder, 'secret'), 'secret-0\n');
  const auth = { method: 'client_secret_post', clientSecret: { file: path.join(folder, 'secret') } };
  const { client, stop } = start(served, auth);
  await client.rotate();
  for (let n = 1; n <= EXCHANGES; n += 1) {
    const [old, next] = [`secret-${n - 1}`, `secret-${n}`];
    // The server gets to know the new secret before its client does, or after.
    const early = n % 2 === 0;
    if (early) known.add(next);
    await exchange('secret', `${next}\n`, n, () => client.rotate());
    await client.rotate();
    expect(served.state.used.at(-1)).toBe(early ? next : old);
    known.add(next);
    known.delete(old);
    await client.rotate();
    expect(served.state.used.at(-1)).toBe(next);
  }
  expect(await stop()).toBeGreaterThan(0);
  expect(served.state.failures).toEqual([]);
});

test(`a key is exchanged ${EXCHANGES} times`, async () => {
  const known = new Map();
  const seen = new Set();
  const keyOf = (form) => {
    const [header, claims, signature] = form.get('client_assertion').split('.');
    const decoded = (part) => JSON.parse(Buffer.from(part, 'base64url'));
    const { kid } = decoded(header);
    const { jti } = decoded(claims);
    const key = known.get(kid);
    const good =
      key !== undefined &&
      verify(
        'sha256',
        `${header}.${claims}`,
        { key, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      );
    if (!good || seen.has(jti)) return undefined;
    seen.add(jti);
    return kid;
  };
  const served = await serve(keyOf);
  const make = (kid) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    known.set(kid, createPublicKey(privateKey));
    return JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid });
  };
  fs.writeFileSync(path.join(folder, 'key'), make('key-0'));
  const { client, stop } = start(served, {
    method: 'private_key_jwt',
    key: { file: path.join(folder, 'key') },
  });
  await client.rotate();
  for (let n = 1; n <= EXCHANGES; n += 1) {
    const kid = `key-${n}`;
    // Half a key is no key, so that the one before it signs.
    await exchange('key', make(kid), n, async () => {
      await client.rotate();
      expect(served.state.used.at(-1)).toBe(`key-${n - 1}`);
    });
    await client.rotate();
    expect(served.state.used.at(-1)).toBe(kid);
    known.delete(`key-${n - 1}`);
  }
  expect(await stop()).toBeGreaterThan(0);
  expect(served.state).toMatchObject({ failures: [], refused: 0 });
});

test(`a client certificate and the authorities are exchanged ${EXCHANGES} times`, async () => {
  const certificates = [tls.server, tls.own];
  const prints = certificates.map((pem) => new X509Certificate(pem).fingerprint256);
  const peer = (request) => request.socket.getPeerCertificate().fingerprint256;
  const served = await serve((_form, request) => peer(request), {
    ...{ cert: tls.server, key: tls.key, requestCert: true, rejectUnauthorized: false },
  });
  const file = (name, content) => {
    fs.writeFileSync(path.join(folder, name), content);
    return { file: path.join(folder, name) };
  };
  const files = { ca: file('ca', tls.ca), cert: file('cert', certificates[0]), key: file('key', tls.key) };
  const { client, stop } = start(served, { method: 'tls_client_auth' }, { tls: files });
  await client.rotate();
  for (let n = 1; n <= EXCHANGES; n += 1) {
    const next = n % 2;
    await exchange('cert', certificates[next], n, () => client.rotate());
    await exchange('ca', next === 0 ? tls.ca : `${tls.elsewhere}${tls.ca}`, n + 1, () => client.rotate());
    await client.rotate();
    expect(served.state.used.at(-1)).toBe(prints[next]);
    // The API's connections are new ones too, now and then.
    served.server.closeIdleConnections();
  }
  expect(await stop()).toBeGreaterThan(0);
  expect(served.state).toMatchObject({ failures: [], refused: 0 });
});

test('authorities that do not trust the server are exchanged for those that do', async () => {
  const served = await serve(() => 'anybody', { cert: tls.server, key: tls.key });
  const ca = path.join(folder, 'ca');
  fs.writeFileSync(ca, tls.own);
  const client = new TokenClient({ baseURL: served.url, refresh() {}, tls: { ca: { file: ca } } });
  world = {
    async close() {
      await client.close();
      served.server.closeAllConnections();
      served.server.close();
    },
  };
  const get = () => client.get('/api', { skipAuthRefresh: true });
  await expect(get()).rejects.toMatchObject({ name: 'NetworkError' });
  fs.writeFileSync(ca, tls.ca);
  await expect(get()).resolves.toMatchObject({ status: 401 });
});
