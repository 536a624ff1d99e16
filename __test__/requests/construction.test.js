'use strict';

// What is wrong with an option and only Rust can tell; __test__/options.test.js has the others.

const { inspect } = require('node:util');
const { TokenClient, TokenRotatorError } = require('../..');
const tls = require('../support/tls');

const MARKER = 's3cr3tMarker';
const pem = (label, body) => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
const OTHER_KEY = require('node:crypto').generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).privateKey;

test.each([
  ['an authority that is no base64', { ca: pem('CERTIFICATE', `${MARKER}*`) }, 'tls.ca'],
  ['an authority that is no certificate', { ca: pem('CERTIFICATE', MARKER) }, 'tls.ca'],
  ['an authority that is empty', { ca: pem('CERTIFICATE', '') }, 'tls.ca'],
  ['a key as authority', { ca: tls.key }, 'tls.ca'],
  ['an authority that never ends', { ca: `-----BEGIN CERTIFICATE-----\n${MARKER}` }, 'tls.ca'],
  ['a certificate that is none', { cert: pem('CERTIFICATE', `${MARKER}*`), key: tls.key }, 'tls.cert'],
  ['a key as certificate', { cert: tls.key, key: tls.key }, 'tls.cert'],
  ['a key that is none', { cert: tls.server, key: pem('PRIVATE KEY', MARKER) }, 'tls.key'],
  ['an encrypted key', { cert: tls.server, key: pem('ENCRYPTED PRIVATE KEY', MARKER) }, 'tls.key'],
  ['a certificate as key', { cert: tls.server, key: tls.server }, 'tls.key'],
  ['another certificate’s key', { cert: tls.server, key: OTHER_KEY }, 'tls.key'],
])('%s throws, naming the option and not its value', (_name, options, named) => {
  let error;
  try {
    new TokenClient({ refresh() {}, tls: options });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(TokenRotatorError);
  expect(error).toMatchObject({
    code: 'ERR_INVALID_OPTION',
    retryable: false,
    message: expect.stringContaining(named),
  });
  for (const text of [error.message, error.stack, inspect(error, { depth: 9 }), JSON.stringify(error)]) {
    expect(text).not.toContain(MARKER);
    for (const line of OTHER_KEY.split('\n').slice(1, -2)) expect(text).not.toContain(line);
  }
});

test.each([
  ['an international name', 'https://münchen.example/v1'],
  ['an IPv6 address', 'https://[::1]:8443'],
  ['a default port', 'https://api.example:443'],
  ['upper case', 'HTTPS://API.EXAMPLE/V1/'],
  ['a URL object', new URL('https://api.example/v1')],
  ['plain http, which is judged request by request', 'http://intranet.example'],
])('baseURL may be %s', (_name, baseURL) => {
  expect(
    new TokenClient({ refresh() {}, baseURL, allowedOrigins: [new URL(baseURL).origin] }),
  ).toBeInstanceOf(TokenClient);
});
