'use strict';

// Who is trusted in a process of its own, as its environment and Node's flags say, and what a certificate that is not trusted says.

const path = require('node:path');
const { endChildren, reported, start } = require('../lifecycle/child.js');
const tls = require('../support/tls');
const { clientFor, closeServers, failure, serve } = require('./servers.js');

afterEach(endChildren);
afterEach(closeServers);
jest.setTimeout(120_000);

const FILES = path.join(__dirname, '../support/tls');
const ca = path.join(FILES, 'ca.pem');
const other = path.join(FILES, 'own.pem');

const PROGRAM = `
  const { TokenClient } = require(${JSON.stringify(path.resolve(__dirname, '../..'))});
  const [baseURL, tls] = JSON.parse(process.argv[1]);
  const grant = { type: 'client_credentials', clientId: 'app', tokenEndpoint: baseURL + '/token' };
  const client = new TokenClient({ baseURL, tls, grant, maxRetries: 0, retry: false });
  client.get('/').then(
    ({ status }) => console.log(JSON.stringify(status)),
    ({ code, message }) => console.log(JSON.stringify([code, message])),
  );`;

/** What a program with this environment, these flags and the option `tls` gets: 200, or code and message. */
async function answered(server, env, { flags = [], tls: option = {} } = {}) {
  const { NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, SSL_CERT_DIR, NODE_OPTIONS, ...rest } = process.env;
  void [NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, SSL_CERT_DIR, NODE_OPTIONS];
  const args = [...flags, '-e', PROGRAM, JSON.stringify([server.url, option])];
  return reported(start(args, { env: { ...rest, ...env } }));
}

const serveAll = () =>
  serve(
    (request, response) =>
      response.end(request.url === '/token' ? '{"access_token":"a","token_type":"Bearer"}' : 'ok'),
    { secure: true },
  );

const refused = ['ERR_REFRESH_FAILED', expect.stringContaining('tls.ca')];

test('NODE_EXTRA_CA_CERTS holds for requests and for the token endpoint', async () => {
  const server = await serveAll();
  expect(await answered(server, {})).toEqual(refused);
  expect(server.seen).toEqual([]);
  expect(await answered(server, { NODE_EXTRA_CA_CERTS: ca })).toBe(200);
  expect(server.seen.map(({ url }) => url)).toEqual(['/token', '/']);
});

test('a list in tls.ca replaces NODE_EXTRA_CA_CERTS', async () => {
  const server = await serveAll();
  const env = { NODE_EXTRA_CA_CERTS: ca };
  expect(await answered(server, {}, { tls: { ca: [tls.own, tls.ca] } })).toBe(200);
  expect(await answered(server, env, { tls: { ca: [tls.own] } })).toEqual(refused);
});

const known = (flag) => process.allowedNodeEnvironmentFlags.has(flag);
const FLAGS = ['--use-system-ca', '--use-bundled-ca', '--use-openssl-ca'].filter(known);

(process.platform === 'linux' ? test : test.skip).each(FLAGS)('%s of Node changes nothing', async (flag) => {
  const server = await serveAll();
  expect(await answered(server, { SSL_CERT_FILE: ca }, { flags: [flag] })).toBe(200);
  expect(await answered(server, { SSL_CERT_FILE: other }, { flags: [flag] })).toEqual(refused);
  expect(await answered(server, { NODE_EXTRA_CA_CERTS: ca }, { flags: [flag] })).toBe(200);
});

describe('what the message says', () => {
  const messageOf = async (cert, options) => {
    const server = await serve(undefined, { secure: true, cert });
    const { message } = await failure(clientFor(server, options).get('/'));
    expect(server.seen).toEqual([]);
    return message.replace(server.url, 'URL');
  };
  const trusting = { tls: { ca: tls.ca } };

  test('of an authority that is not trusted: both ways to trust it', async () => {
    expect(await messageOf(tls.server, { tls: { ca: tls.own } })).toBe(
      'URL has a certificate that no trusted authority signed; set tls.ca to the authority that did, or, for https without tls.ca, NODE_EXTRA_CA_CERTS to a file of it',
    );
  });

  test('of a certificate that has expired', async () => {
    expect(await messageOf(tls.expired, trusting)).toBe('URL has a certificate that has expired');
  });

  test('of a certificate for another name', async () => {
    expect(await messageOf(tls.elsewhere, trusting)).toBe('URL has a certificate for another name');
  });
});
