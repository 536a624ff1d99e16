'use strict';

const { X509Certificate } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { TOKEN, clientFor, closeServers, failure, serve } = require('./servers.js');
const tls = require('../support/tls');

afterEach(closeServers);

const trusting = (server, options) => clientFor(server, { ...options, tls: { ca: tls.ca, ...options?.tls } });

async function expectRefused(server, client, code) {
  const error = await failure(client.get('/'));
  expect(error).toMatchObject({ name: 'NetworkError', code: 'ERR_NETWORK', cause: { code } });
  expect(error.message).toContain(server.url);
  expect(server.seen).toEqual([]);
}

test.each([
  ['text', tls.ca],
  ['a Buffer', Buffer.from(tls.ca)],
  ['a bundle', `# two of them\n${tls.ca}\n${tls.expired}`],
  ['DER', new X509Certificate(tls.ca).raw],
  ['a list', [tls.expired, tls.ca]],
  ['a list of anything', [Buffer.from(tls.expired), new X509Certificate(tls.own).raw, `${tls.own}${tls.ca}`]],
])('tls.ca as %s is trusted', async (_name, ca) => {
  const server = await serve(undefined, { secure: true });
  const response = await clientFor(server, { tls: { ca } }).get('/');
  expect(await response.text()).toBe('ok');
  expect(server.seen).toMatchObject([{ headers: { authorization: `Bearer ${TOKEN}` } }]);
});

test('a self-signed certificate in tls.ca is trusted though it says that it is an authority’s', async () => {
  const server = await serve(undefined, { secure: true, cert: tls.own });
  for (const ca of [tls.own, [tls.ca, tls.own]]) {
    expect(await clientFor(server, { tls: { ca } }).get('/')).toMatchObject({ status: 200 });
  }
  server.seen.length = 0;
  await expectRefused(server, trusting(server), 'DEPTH_ZERO_SELF_SIGNED_CERT');
  await expectRefused(server, clientFor(server), 'DEPTH_ZERO_SELF_SIGNED_CERT');
});

describe('NODE_EXTRA_CA_CERTS', () => {
  const before = process.env.NODE_EXTRA_CA_CERTS;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'token-rotator-'));
  afterEach(() => {
    if (before === undefined) delete process.env.NODE_EXTRA_CA_CERTS;
    else process.env.NODE_EXTRA_CA_CERTS = before;
  });
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  function setExtra(text) {
    process.env.NODE_EXTRA_CA_CERTS = path.join(folder, 'extra.pem');
    fs.writeFileSync(process.env.NODE_EXTRA_CA_CERTS, text);
  }

  test('is trusted beside the system’s authorities, and not beside tls.ca', async () => {
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    setExtra(`${broken}${tls.ca}${tls.own}`);
    const server = await serve(undefined, { secure: true });
    const own = await serve(undefined, { secure: true, cert: tls.own });
    expect(await clientFor(server).get('/')).toMatchObject({ status: 200 });
    expect(await clientFor(own).get('/')).toMatchObject({ status: 200 });
    server.seen.length = 0;
    await expectRefused(
      server,
      clientFor(server, { tls: { ca: tls.own } }),
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    );
  });

  test('that cannot be read changes nothing', async () => {
    const server = await serve(undefined, { secure: true });
    setExtra('no certificate');
    await expectRefused(server, clientFor(server), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    process.env.NODE_EXTRA_CA_CERTS = path.join(folder, 'missing.pem');
    await expectRefused(server, clientFor(server), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });
});

test('localhost is good by name too', async () => {
  const server = await serve(undefined, { secure: true });
  const client = trusting(server, { baseURL: `https://localhost:${server.port}` });
  expect(await client.get('/')).toMatchObject({ status: 200 });
});

test('an authority nobody trusts is refused before the token is sent', async () => {
  const server = await serve(undefined, { secure: true });
  await expectRefused(server, clientFor(server), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
});

test('a certificate for another name is refused', async () => {
  const server = await serve(undefined, { secure: true, cert: tls.elsewhere });
  await expectRefused(server, trusting(server), 'ERR_TLS_CERT_ALTNAME_INVALID');
});

test('an expired certificate is refused', async () => {
  const server = await serve(undefined, { secure: true, cert: tls.expired });
  await expectRefused(server, trusting(server), 'CERT_HAS_EXPIRED');
});

test.each(['elsewhere', 'expired', 'server'])(
  'rejectUnauthorized false takes the certificate %s, for its own client alone',
  async (name) => {
    const server = await serve(undefined, { secure: true, cert: tls[name] });
    const lax = clientFor(server, { tls: { rejectUnauthorized: false } });
    expect(await lax.get('/')).toMatchObject({ status: 200 });
    server.seen.length = 0;
    const error = await failure(clientFor(server).get('/'));
    expect(error).toMatchObject({ code: 'ERR_NETWORK' });
    expect(server.seen).toEqual([]);
  },
);

test('NODE_TLS_REJECT_UNAUTHORIZED changes nothing', async () => {
  const server = await serve(undefined, { secure: true });
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  try {
    await expectRefused(server, clientFor(server), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  } finally {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
  }
});

describe('a client certificate', () => {
  const serveStrict = () =>
    serve((request, response) => response.end(request.socket.getPeerCertificate().subject?.CN ?? 'nobody'), {
      secure: true,
      requestCert: true,
      rejectUnauthorized: true,
      ca: tls.ca,
    });

  test('is shown to a server that asks', async () => {
    const server = await serveStrict();
    const client = trusting(server, { tls: { cert: tls.server, key: Buffer.from(tls.key) } });
    expect(await (await client.get('/')).text()).toBe('localhost');
  });

  test('that is missing fails the request', async () => {
    const server = await serveStrict();
    const error = await failure(trusting(server).get('/'));
    expect(error).toMatchObject({
      code: 'ERR_NETWORK',
      cause: { code: expect.stringMatching(/^(EPROTO|ECONNRESET|EPIPE)$/) },
    });
    expect(server.seen).toEqual([]);
  });
});

test('a server without TLS behind an https URL', async () => {
  const server = await serve();
  const client = trusting({ url: server.url.replace('http:', 'https:') });
  const error = await failure(client.get('/'));
  expect(error).toMatchObject({ code: 'ERR_NETWORK', cause: { code: 'ERR_SSL_WRONG_VERSION_NUMBER' } });
  expect(server.seen).toEqual([]);
});

test('a redirect from https to http is not followed, in any mode that follows', async () => {
  const plain = await serve();
  const server = await serve((_request, response) => response.writeHead(302, { location: plain.url }).end(), {
    secure: true,
  });
  for (const redirect of ['same-origin', 'follow']) {
    expect(await failure(trusting(server, { redirect }).get('/'))).toMatchObject({ code: 'ERR_REDIRECT' });
  }
  expect(plain.sockets.size).toBe(0);
});
