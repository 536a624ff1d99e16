'use strict';

const { createPublicKey, createSecretKey, generateKeyPairSync } = require('node:crypto');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { inspect } = require('node:util');
const { readClientOptions } = require('../../lib/options/client.js');

const SECRET = 's3cr3t-marker';
const ENDPOINT = 'https://login.example.com/token';
const { privateKey: ec } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const DER = ec.export({ type: 'pkcs8', format: 'der' });
const PEM = ec.export({ type: 'pkcs8', format: 'pem' });
const ENCRYPTED = ec.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: SECRET });
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----';
const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';

/** @returns {any} */
function read(grant, options) {
  const usual = { type: 'client_credentials', clientId: 'app', tokenEndpoint: ENDPOINT };
  return readClientOptions({ grant: { ...usual, ...grant }, ...options });
}

const grantOf = (grant, options) => read(grant, options).settings.grant;
const signing = (key, more) => grantOf({ auth: { method: 'private_key_jwt', key, ...more } }).auth.signer;

/** What JavaScript answers when Rust asks for this source. */
async function answerOf({ callbacks }, source) {
  expect(source).toEqual({ call: expect.any(Number), name: expect.any(String) });
  return callbacks.sources[source.call]();
}

/** The error names the option; the value is nowhere in it. */
function expectRefused(run, named) {
  let error;
  try {
    run();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
  expect(error.message).toContain(named);
  expectSilent(error);
}

function expectSilent(error) {
  for (const text of [error.message, error.stack, inspect(error, { depth: 9 })])
    expect(text).not.toContain(SECRET);
}

describe('a grant', () => {
  test('has nothing but its endpoint and its client by default', () => {
    const { settings, callbacks } = read({});
    expect(settings.grant).toEqual({
      type: 'client_credentials',
      tokenEndpoint: ENDPOINT,
      auth: { method: 'none', secrets: [] },
      clientId: 'app',
      resource: [],
      params: [],
      revokeOnLogout: false,
    });
    expect(callbacks.sources).toEqual([]);
  });

  test.each([
    [{ scope: 'b  a' }, { scope: 'b a' }],
    [{ scope: ['b', 'a'] }, { scope: 'b a' }],
    [{ scope: [] }, { scope: undefined }],
    [{ audience: 'https://api' }, { audience: 'https://api' }],
    [{ resource: 'https://a.example/x' }, { resource: ['https://a.example/x'] }],
    [{ resource: ['urn:a:b', 'https://b'] }, { resource: ['urn:a:b', 'https://b'] }],
    [
      { params: { requested_token_use: 'on_behalf_of', empty: '' } },
      { params: ['requested_token_use', 'on_behalf_of', 'empty', ''] },
    ],
    [{ dpop: false }, { dpop: undefined }],
    [{ dpop: true }, { dpop: 'ES256' }],
    [{ dpop: { algorithm: 'EdDSA' } }, { dpop: 'EdDSA' }],
    [{ revokeOnLogout: true }, { revokeOnLogout: true }],
    [{ tokenEndpoint: new URL(ENDPOINT) }, { tokenEndpoint: ENDPOINT }],
    [{ tokenEndpoint: `${ENDPOINT}?p=policy` }, { tokenEndpoint: `${ENDPOINT}?p=policy` }],
    [{ tokenEndpoint: 'http://[::1]:1/t' }, { tokenEndpoint: 'http://[::1]:1/t' }],
    [{ tokenEndpoint: 'http://a.localhost/t' }, { tokenEndpoint: 'http://a.localhost/t' }],
    [{ revocationEndpoint: ENDPOINT }, { revocationEndpoint: ENDPOINT }],
    [
      { type: 'token_exchange', subjectToken: SECRET, subjectTokenType: JWT_TYPE },
      { subject: { value: SECRET }, subjectType: JWT_TYPE, actor: undefined },
    ],
    [{ type: 'jwt_bearer', assertion: { file: '/a' } }, { assertion: { file: '/a' } }],
    [
      { type: 'jwt_bearer', key: ec, keyId: 'k', claims: { scope: 'a', sub: null } },
      { signer: { key: { der: DER }, keyId: 'k', algorithm: undefined }, claims: '{"scope":"a","sub":null}' },
    ],
  ])('%j', (grant, expected) => {
    expect(grantOf(grant)).toMatchObject(expected);
  });

  test('http beyond this machine needs allowInsecure', () => {
    const grant = { tokenEndpoint: 'http://login.example.com/token' };
    expectRefused(() => read(grant), 'grant.tokenEndpoint');
    expect(grantOf(grant, { allowInsecure: true }).tokenEndpoint).toBe(grant.tokenEndpoint);
  });

  test.each([
    [{ type: SECRET }, 'grant.type'],
    [{ type: undefined }, 'grant.type'],
    [{ type: 'toString' }, 'grant.type'],
    [{ clientId: undefined }, 'grant.clientId must be given'],
    [{ clientId: 'a\nb' }, 'grant.clientId'],
    [{ tokenEndpoint: undefined }, 'grant.tokenEndpoint or grant.issuer must be given'],
    [{ tokenEndpoint: `https://user:${SECRET}@a.example` }, 'grant.tokenEndpoint'],
    [{ issuer: `https://a.example/?${SECRET}` }, 'grant.issuer'],
    [{ tokenEndpoint: SECRET }, 'grant.tokenEndpoint'],
    [{ scope: 7 }, 'grant.scope'],
    [{ scope: ['a b'] }, 'grant.scope[0]'],
    [{ scope: 'a"b' }, 'grant.scope'],
    [{ resource: 'relative' }, 'grant.resource'],
    [{ resource: ['https://a/#b'] }, 'grant.resource[0]'],
    [{ params: { client_secret: SECRET } }, 'grant.params must not have client_secret'],
    [{ params: { grant_type: 'x' } }, 'grant.params must not have grant_type'],
    [{ params: { extra: 7 } }, 'grant.params.extra'],
    [{ params: [] }, 'grant.params'],
    [{ dpop: 1 }, 'grant.dpop'],
    [{ dpop: { algorithm: 'RS256' } }, 'grant.dpop.algorithm'],
    [{ dpop: { key: SECRET } }, 'grant.dpop.key'],
    [{ revokeOnLogout: 1 }, 'grant.revokeOnLogout'],
    [{ clientSecret: SECRET }, 'grant.clientSecret'],
    [{ subjectToken: SECRET }, 'grant.subjectToken'],
    [{ tenant: 'x' }, 'grant.tenant'],
    [{ type: 'jwt_bearer' }, 'grant.assertion or grant.key must be given'],
    [{ type: 'jwt_bearer', assertion: 'a', key: ec }, 'grant.assertion or grant.key'],
    [{ type: 'jwt_bearer', assertion: 'a', claims: {} }, 'grant.claims goes with grant.key'],
    [{ type: 'jwt_bearer', key: ec, claims: { exp: 1 } }, 'grant.claims must not have exp'],
    [{ type: 'jwt_bearer', key: ec, claims: { a: 1n } }, 'grant.claims'],
    [{ type: 'token_exchange', subjectTokenType: JWT_TYPE }, 'grant.subjectToken must be given'],
    [{ type: 'token_exchange', subjectToken: 'a' }, 'grant.subjectTokenType must be given'],
    [
      { type: 'token_exchange', subjectToken: 'a', subjectTokenType: JWT_TYPE, actorToken: 'a' },
      'grant.actorTokenType',
    ],
  ])('%j is refused', (grant, named) => {
    expectRefused(() => read(grant), named);
  });

  test.each([null, 7, SECRET, []])('%j is no grant', (grant) => {
    expectRefused(() => readClientOptions({ grant }), 'grant');
  });

  test('goes with neither refresh nor isRefreshFailureTerminal', () => {
    expectRefused(() => readClientOptions({}), 'refresh or grant must be given');
    expectRefused(() => read({}, { refresh() {} }), 'refresh and grant exclude each other');
    expectRefused(() => read({}, { isRefreshFailureTerminal() {} }), 'isRefreshFailureTerminal');
  });
});

describe('client authentication', () => {
  test.each([
    ['client_secret_basic', { clientSecret: SECRET }, { secrets: [{ value: SECRET }] }],
    [
      'client_secret_post',
      { clientSecret: ['new', { file: '/old' }] },
      { secrets: [{ value: 'new' }, { file: '/old' }] },
    ],
    [
      'client_secret_jwt',
      { clientSecret: SECRET, algorithm: 'HS512' },
      { secrets: [{ value: SECRET }], algorithm: 'HS512' },
    ],
    [
      'client_assertion',
      { assertion: { file: '/var/run/token' } },
      { assertion: { file: '/var/run/token' } },
    ],
    [
      'private_key_jwt',
      { key: rsa, audience: 'https://a' },
      { audience: 'https://a', signer: { key: { der: expect.any(Buffer) } } },
    ],
  ])('%s', (method, fields, expected) => {
    expect(grantOf({ auth: { method, ...fields } }).auth).toMatchObject({ method, ...expected });
  });

  test('tls_client_auth needs a certificate of the client', () => {
    const auth = { method: 'tls_client_auth' };
    expectRefused(() => read({ auth }), 'tls.cert');
    const tls = { cert: CERTIFICATE, key: PEM };
    expect(grantOf({ auth }, { tls }).auth.method).toBe('tls_client_auth');
  });

  test.each([
    [null, 'grant.auth'],
    [{}, 'grant.auth.method'],
    [{ method: 'toString' }, 'grant.auth.method'],
    [{ method: 'none', clientSecret: SECRET }, 'grant.auth.clientSecret'],
    [{ method: 'client_secret_basic' }, 'grant.auth.clientSecret must be given'],
    [{ method: 'client_secret_basic', clientSecret: '' }, 'grant.auth.clientSecret'],
    [{ method: 'client_secret_basic', clientSecret: [] }, 'grant.auth.clientSecret'],
    [{ method: 'client_secret_basic', clientSecret: ['a', 7] }, 'grant.auth.clientSecret[1]'],
    [{ method: 'client_secret_jwt', clientSecret: SECRET, algorithm: 'RS256' }, 'grant.auth.algorithm'],
    [{ method: 'client_assertion' }, 'grant.auth.assertion must be given'],
    [{ method: 'private_key_jwt' }, 'grant.auth.key must be given'],
    [{ method: 'private_key_jwt', key: ec, algorithm: 'HS256' }, 'grant.auth.algorithm'],
    [{ method: 'private_key_jwt', key: ec, keyId: 7 }, 'grant.auth.keyId'],
    [{ method: 'private_key_jwt', key: ec, certificate: SECRET }, 'grant.auth.certificate'],
  ])('%j is refused', (auth, named) => {
    expectRefused(() => read({ auth }), named);
  });
});

describe('a source', () => {
  const secret = (clientSecret) => ({ auth: { method: 'client_secret_post', clientSecret } });
  const sourceOf = (options) => options.settings.grant.auth.secrets[0];

  test('that is a file crosses as an absolute path', () => {
    expect(sourceOf(read(secret({ file: 'secret.txt' })))).toEqual({ file: path.resolve('secret.txt') });
  });

  test('that is an environment variable is read for each use', async () => {
    const options = read(secret({ env: 'TOKEN_ROTATOR_TEST' }));
    const source = sourceOf(options);
    await expect(answerOf(options, source)).rejects.toThrow(
      'grant.auth.clientSecret is in the environment variable TOKEN_ROTATOR_TEST, which is not set',
    );
    for (const value of ['one', 'two']) {
      process.env.TOKEN_ROTATOR_TEST = value;
      expect(await answerOf(options, source)).toBe(value);
    }
    delete process.env.TOKEN_ROTATOR_TEST;
  });

  test('that is a function is called for each use, and its error is not touched', async () => {
    const failure = new Error(SECRET);
    const give = jest
      .fn()
      .mockReturnValueOnce('one\n')
      .mockResolvedValueOnce(Buffer.from('two'))
      .mockRejectedValueOnce(failure);
    const options = read(secret(give));
    expect(give).not.toHaveBeenCalled();
    expect(await answerOf(options, sourceOf(options))).toBe('one');
    expect(await answerOf(options, sourceOf(options))).toBe('two');
    await expect(answerOf(options, sourceOf(options))).rejects.toBe(failure);
  });

  test.each([undefined, 7, '', ' ', null, {}])('that gives %j fails, and names the option', async (value) => {
    const options = read(secret(() => value));
    await expect(answerOf(options, sourceOf(options))).rejects.toThrow(
      'grant.auth.clientSecret must be a string',
    );
  });

  test('whose variable has a strange name does not show it', async () => {
    const options = read(secret({ env: SECRET }));
    const error = await answerOf(options, sourceOf(options)).catch((thrown) => thrown);
    expect(error.message).toContain('grant.auth.clientSecret');
    expectSilent(error);
  });

  test.each([
    [{ file: '' }, 'grant.auth.clientSecret.file'],
    [{ file: 7 }, 'grant.auth.clientSecret.file'],
    [{ file: 'a\0' }, 'grant.auth.clientSecret.file'],
    [{ env: '' }, 'grant.auth.clientSecret.env'],
    [{ env: 'A', file: 'b' }, 'grant.auth.clientSecret must have either file or env'],
    [{ file: 'a', path: 'b' }, 'grant.auth.clientSecret.path'],
  ])('%j is refused', (source, named) => {
    expectRefused(() => read(secret(source)), named);
  });
});

describe('a private key', () => {
  const jwk = { ...ec.export({ format: 'jwk' }), kid: 'k', alg: 'ES256' };

  test.each([
    ['KeyObject', ec],
    ['PEM', PEM],
    ['PEM in a Buffer', Buffer.from(PEM)],
    ['SEC1', ec.export({ type: 'sec1', format: 'pem' })],
    ['DER', DER],
    ['SEC1 in DER', ec.export({ type: 'sec1', format: 'der' })],
  ])('%s crosses as PKCS#8', (_form, key) => {
    expect(signing(key)).toMatchObject({ key: { der: DER } });
  });

  test.each([
    ['encrypted PEM', ENCRYPTED],
    ['encrypted DER', ec.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase: SECRET })],
    [
      'encrypted traditional PEM',
      ec.export({ type: 'sec1', format: 'pem', cipher: 'aes-256-cbc', passphrase: SECRET }),
    ],
  ])('%s is decrypted', (_form, key) => {
    expect(signing(key, { passphrase: SECRET })).toMatchObject({ key: { der: DER } });
  });

  test('PKCS#1 crosses as PKCS#8', () => {
    const expected = { key: { der: rsa.export({ type: 'pkcs8', format: 'der' }) } };
    for (const format of ['pem', 'der'])
      expect(signing(rsa.export({ type: 'pkcs1', format }))).toMatchObject(expected);
  });

  test('a JWK and the file of a Google service account cross as JSON, so that their ids stay with them', () => {
    const google = JSON.stringify({ type: 'service_account', private_key_id: 'g', private_key: PEM });
    expect(signing(jwk)).toMatchObject({ key: { value: JSON.stringify(jwk) } });
    expect(signing(JSON.stringify(jwk))).toMatchObject({ key: { value: JSON.stringify(jwk) } });
    expect(signing(google)).toMatchObject({ key: { value: google } });
  });

  test('a file without passphrase is left to Rust', () => {
    expect(signing({ file: '/key.pem' })).toMatchObject({ key: { file: '/key.pem' } });
  });

  test('a certificate crosses as PEM, from DER too', () => {
    const der = Buffer.from('MAAA', 'base64');
    for (const certificate of [CERTIFICATE, Buffer.from(CERTIFICATE), der]) {
      expect(signing(ec, { certificate }).certificate.value).toContain('MAAA');
    }
  });

  test('the bytes that were made for the crossing are known, so that the client overwrites them', () => {
    const { settings } = read({ auth: { method: 'private_key_jwt', key: ec } });
    expect(settings.made).toEqual([settings.grant.auth.signer.key.der]);
  });

  test('a function is called for each use', async () => {
    const options = read({ auth: { method: 'private_key_jwt', key: () => PEM } });
    expect(await answerOf(options, options.settings.grant.auth.signer.key)).toEqual(DER);
  });

  test('an encrypted file is decrypted again when it changes, and its last key serves while it is half written', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'grants-'));
    const file = path.join(folder, 'key.pem');
    const encrypted = (key) =>
      key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: SECRET });
    try {
      const options = read({ auth: { method: 'private_key_jwt', key: { file }, passphrase: () => SECRET } });
      const { key } = options.settings.grant.auth.signer;
      await expect(answerOf(options, key)).rejects.toThrow(
        'grant.auth.key is in a file that cannot be read (ENOENT)',
      );
      for (const [written, expected] of [
        [encrypted(ec), ec],
        [encrypted(rsa), rsa],
        [encrypted(ec).slice(0, 100), rsa],
      ]) {
        writeFileSync(file, written);
        expect(await answerOf(options, key)).toEqual(expected.export({ type: 'pkcs8', format: 'der' }));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a passphrase that is wrong at its use is an error that names the key', async () => {
    const options = read({ auth: { method: 'private_key_jwt', key: ENCRYPTED, passphrase: () => 'wrong' } });
    const error = await answerOf(options, options.settings.grant.auth.signer.key).catch((thrown) => thrown);
    expect(error.message).toMatch(/^grant\.auth\.key must be .* cannot be decrypted with passphrase$/);
    expectSilent(error);
  });

  const generated = (type, options) => generateKeyPairSync(type, options).privateKey;
  test.each([
    [
      'nothing that is a key',
      `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----`,
      {},
      'PEM, DER, a JWK or a KeyObject',
    ],
    ['a number', 7, {}, 'PEM, DER, a JWK or a KeyObject'],
    ['an empty Buffer', Buffer.alloc(0), {}, 'PEM, DER, a JWK or a KeyObject'],
    ['JSON that is no key', `{"a":"${SECRET}"}`, {}, 'PEM, DER, a JWK or a KeyObject'],
    ['a public key', createPublicKey(ec), {}, 'public key'],
    ['a secret key', createSecretKey(Buffer.from(SECRET)), {}, 'secret key'],
    ['an encrypted key without passphrase', ENCRYPTED, {}, 'give passphrase'],
    ['an encrypted key with another passphrase', ENCRYPTED, { passphrase: 'x' }, 'cannot be decrypted'],
    ['a short RSA key', generated('rsa', { modulusLength: 1024 }), {}, 'RSA with 1024 bits'],
    ['an RSA-PSS key', generated('rsa-pss', { modulusLength: 2048 }), {}, 'rsa-pss'],
    ['another curve', generated('ec', { namedCurve: 'secp256k1' }), {}, 'secp256k1'],
    ['a key for agreement', generated('x25519'), {}, 'x25519'],
  ])('%s is refused', (_name, key, more, named) => {
    expectRefused(() => signing(key, more), 'grant.auth.key');
    expectRefused(() => signing(key, more), named);
  });
});
