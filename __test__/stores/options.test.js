'use strict';

// The options `store`, `lease`, `confirmEvery` and `drainOnExit`: what is taken, what is refused, and that no error holds a value.

const { randomBytes } = require('node:crypto');
const os = require('node:os');
const path = require('node:path');
const { inspect } = require('node:util');
const { readClientOptions } = require('../../lib/options/client.js');

const SECRET = 's3cr3t-marker';
const KEY = randomBytes(32);
const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const URL_WITH_PASSWORD = `rediss://ada:${SECRET}@redis.example.com:6380/1`;
const refresh = () => ({ accessToken: 'a' });
const pair = { getTokens: () => null, setTokens() {} };
const register = { read: async () => null, compareAndSet: async () => true };
const file = { type: 'file', path: '/var/tokens' };
const redis = { type: 'redis', url: URL_WITH_PASSWORD };

const read = (options) => readClientOptions({ refresh, ...options });
const storeOf = (store, more) => read({ store, ...more }).settings.session.store;
const OWNER = `${os.hostname()} ${process.pid}`;
const TIMES = { lease: 10_000, confirmEvery: 5_000, drainOnExit: 2_000, owner: OWNER };

function refusal(options) {
  let error;
  try {
    read(options);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ name: 'TokenRotatorError', code: 'ERR_INVALID_OPTION' });
  for (const text of [error.message, inspect(error, { depth: 9 }), JSON.stringify(error)]) {
    expect(text).not.toContain(SECRET);
  }
  return error.message;
}

describe('takes', () => {
  test.each([[undefined], [{ type: 'memory' }]])('%p: no other process shares it', (store) => {
    const { settings, callbacks } = read({ store, lease: 2_000, confirmEvery: 1 });
    expect(settings.session).toMatchObject({ hasStore: false, store: undefined });
    expect(callbacks).not.toHaveProperty('register');
  });

  test('a directory, whatever the working directory is later', () => {
    expect(storeOf(file)).toEqual({
      ...TIMES,
      keys: [],
      file: { path: '/var/tokens', allowNetworkFs: false },
    });
    const { path: resolved, allowNetworkFs } = storeOf({
      ...file,
      path: 'tokens',
      allowNetworkFs: true,
    }).file;
    expect([resolved, allowNetworkFs]).toEqual([path.resolve('tokens'), true]);
  });

  test('Redis, with its defaults', () => {
    const tls = { ca: undefined, cert: undefined, key: undefined };
    const defaults = { cluster: false, sentinel: undefined, prefix: 'token-rotator:', timeout: 2_000, tls };
    expect(storeOf(redis)).toEqual({ ...TIMES, keys: [], redis: { urls: [URL_WITH_PASSWORD], ...defaults } });
  });

  test.each([
    [
      { url: ['redis://a', 'redis://b'], cluster: true },
      { urls: ['redis://a', 'redis://b'], cluster: true },
    ],
    [
      { url: ['redis://a'], sentinel: 'main' },
      { urls: ['redis://a'], sentinel: 'main' },
    ],
    [
      { prefix: 'p:', timeout: 1 },
      { prefix: 'p:', timeout: 1 },
    ],
    [{ tls: { ca: PEM, cert: PEM, key: PEM } }, { tls: { ca: PEM, cert: PEM, key: PEM } }],
    [{ tls: { ca: [PEM, Buffer.from(PEM)] } }, { tls: { ca: `${PEM}\n${PEM}` } }],
  ])('Redis with %p', (more, expected) => {
    expect(storeOf({ ...redis, ...more }).redis).toMatchObject(expected);
  });

  test('a register, an instance of a class too, with its `this`', async () => {
    class Store {
      #rows = new Map();
      async read(session) {
        return this.#rows.get(session) ?? null;
      }
      async compareAndSet(session, next) {
        this.#rows.set(session, next);
        return true;
      }
    }
    const { settings, callbacks } = read({ store: new Store() });
    expect(settings.session.store).toEqual({ ...TIMES, keys: [], register: { name: '', watches: false } });
    const { read: readRecord, compareAndSet, watch } = callbacks.register;
    await compareAndSet('ada', 'next', null);
    expect([await readRecord('ada'), watch]).toEqual(['next', undefined]);
    expect(storeOf({ ...register, name: 'mine', watch: async () => () => {} }).register).toEqual({
      name: 'mine',
      watches: true,
    });
  });

  test.each([
    ['base64', KEY.toString('base64')],
    ['base64 with a line end, as files have it', `${KEY.toString('base64')}\n`],
    ['base64url', KEY.toString('base64url')],
    ['a Buffer', KEY],
    ['a Uint8Array', new Uint8Array(KEY)],
    ['a list', [KEY]],
  ])('a key: %s', (_name, key) => {
    for (const store of [file, redis, register]) expect(storeOf({ ...store, key }).keys).toEqual([KEY]);
  });

  test('the word none, for records that are not sealed', () => {
    expect(storeOf({ ...file, key: ['none', KEY] }).keys).toEqual([Buffer.from('none'), KEY]);
  });

  test('a list of keys in its order, and copies of them', () => {
    const old = Buffer.from(KEY);
    const { keys } = storeOf({ ...file, key: [randomBytes(32).toString('base64'), old] });
    old.fill(0);
    expect(keys).toHaveLength(2);
    expect(keys[1]).toEqual(KEY);
  });

  test('sources: a file crosses as its path, all else as a function that is asked for each use', async () => {
    const key = [{ file: 'key' }, { env: 'TOKEN_ROTATOR_KEY' }, KEY, async () => KEY];
    const tls = { ca: { file: '/ca' }, cert: () => PEM, key: { file: 'key.pem' } };
    const url = () => ['redis://a', `redis://:${SECRET}@b`];
    const { settings, callbacks } = read({ store: { type: 'redis', cluster: true, url, tls, key } });
    const { redis: made, keys } = settings.session.store;
    const call = (number, name) => ({ call: number, name });
    expect(keys).toEqual([
      ...[{ file: path.resolve('key') }, call(0, 'store.key[1]'), KEY, call(1, 'store.key[3]')],
    ]);
    expect(made.urls).toEqual(call(2, 'store.url'));
    const files = { ca: { file: '/ca' }, key: { file: path.resolve('key.pem') } };
    expect(made.tls).toEqual({ ...files, cert: call(3, 'store.tls.cert') });
    const [fromVariable, ...others] = callbacks.sources;
    await expect(fromVariable()).rejects.toThrow(
      'store.key[1] is in the environment variable TOKEN_ROTATOR_KEY, which is not set',
    );
    process.env.TOKEN_ROTATOR_KEY = 'none';
    try {
      expect(await fromVariable()).toBe('none');
    } finally {
      delete process.env.TOKEN_ROTATOR_KEY;
    }
    expect(await Promise.all(others.map((source) => source()))).toEqual([
      ...[KEY.toString('base64'), `redis://a\nredis://:${SECRET}@b`, PEM],
    ]);
  });

  test.each([
    ['store.key', { ...file, key: async () => SECRET }],
    ['store.url', { ...redis, url: () => [SECRET] }],
    ['store.url', { ...redis, url: () => undefined }],
    ['store.tls.cert', { ...redis, tls: { cert: () => SECRET, key: PEM } }],
  ])('a function for %s, whose wrong result is an error without it (%#)', async (name, store) => {
    const { callbacks } = read({ store });
    const error = await callbacks.sources[0]().catch((thrown) => thrown);
    expect(error.message).toMatch(new RegExp(`^${name} must be `));
    expect(inspect(error)).not.toContain(SECRET);
  });

  test.each([
    ['lease', [1_000, 1_000.5, 300_000]],
    ['confirmEvery', [1, 0.5 + 1, 2 ** 31 - 1]],
    ['drainOnExit', [0, 0.5, 2 ** 31 - 1]],
  ])('%s', (name, values) => {
    for (const value of values) expect(storeOf(file, { [name]: value })[name]).toBe(Math.ceil(value));
  });
});

describe('refuses', () => {
  test.each([
    ['store', { ...pair, store: { type: 'memory' } }],
    ['store', { ...pair, store: file }],
    ['store', { ...pair, store: register }],
  ])('callbacks beside a %s, and says which to drop', (_name, options) => {
    expect(refusal(options)).toMatch(/drop getTokens and setTokens if .*, else drop store/);
  });

  test.each([
    ['store.path', { type: 'file' }],
    ...[null, '', 7, 'x'.repeat(4097), `${SECRET}\0`].map((path) => ['store.path', { type: 'file', path }]),
    ['store.allowNetworkFs', { ...file, allowNetworkFs: 1 }],
    ['store.url', { ...file, url: SECRET }],
    ['store.url', { type: 'redis' }],
    ...[null, '', 7, SECRET, `http://${SECRET}`, [], ['redis://a', 'redis://b']].map((url) => [
      'store.url',
      { type: 'redis', url },
    ]),
    ['store.url[1]', { ...redis, url: ['redis://a', SECRET], cluster: true }],
    ['store.url.env', { ...redis, url: { env: 7 } }],
    ['store.url must have either file or env', { ...redis, url: { env: SECRET, file: SECRET } }],
    ['store.tls.key.file', { ...redis, tls: { cert: PEM, key: { file: '' } } }],
    ['store.tls.ca[0]', { ...redis, tls: { ca: [() => PEM] } }],
    ['store.tls.passphrase needs store.tls.key', { ...redis, tls: { passphrase: SECRET } }],
    ['store.cluster', { ...redis, cluster: 'yes' }],
    ['store.cluster and store.sentinel', { ...redis, cluster: true, sentinel: SECRET }],
    ['store.sentinel', { ...redis, sentinel: '' }],
    ['store.prefix', { ...redis, prefix: 7 }],
    ['store.timeout', { ...redis, timeout: 0 }],
    ['store.tls', { ...redis, tls: SECRET }],
    ['store.tls.ca', { ...redis, tls: { ca: SECRET } }],
    ['store.tls.cert and store.tls.key', { ...redis, tls: { cert: PEM } }],
    ['store.tls.rejectUnauthorized', { ...redis, tls: { rejectUnauthorized: false } }],
    ['store.compareAndSet', { read: register.read }],
    ['store.read', { compareAndSet: register.compareAndSet }],
    ['store.read', { ...register, read: SECRET }],
    ['store.watch', { ...register, watch: SECRET }],
    ['store.type', { watch: async () => {} }],
    ['store.name', { ...register, name: 7 }],
    ...[
      null,
      '',
      SECRET,
      7,
      {},
      Buffer.alloc(31),
      Buffer.alloc(33),
      KEY.toString('hex'),
      `${KEY.toString('base64')}A`,
    ].map((key) => ['store.key', { ...file, key }]),
    ['store.key', { ...register, key: SECRET }],
    ['store.key', { ...file, key: [] }],
    ['store.key[1]', { ...file, key: [KEY, SECRET] }],
    ['store.key[0]', { ...file, key: [undefined] }],
    ['store.key.file', { ...file, key: { file: `${SECRET}\0` } }],
    ['store.key[0].env', { ...file, key: [{ env: '' }] }],
  ])('a wrong %s (%#)', (named, store) => {
    expect(refusal({ store })).toContain(named);
  });

  test.each([
    ['lease', [null, '1000', NaN, 999, 300_001, Infinity]],
    ['confirmEvery', [null, '1000', NaN, 0, -1, 2 ** 31]],
    ['drainOnExit', [null, '1000', NaN, -1, 2 ** 31, true]],
  ])('a wrong %s, whatever the store is', (name, values) => {
    for (const value of values) {
      for (const store of [undefined, { type: 'memory' }, file]) {
        expect(refusal({ store, [name]: value })).toContain(name);
      }
    }
  });

  test('nothing that a polluted Object.prototype has', () => {
    const before = storeOf(file);
    const pollution = {
      key: KEY,
      read() {},
      compareAndSet() {},
      watch() {},
      allowNetworkFs: true,
      url: 'redis://a',
    };
    Object.assign(Object.prototype, pollution);
    try {
      expect(storeOf({ __proto__: Object.prototype, ...file })).toEqual(before);
      expect(storeOf(Object.create(null, Object.getOwnPropertyDescriptors(file)))).toEqual(before);
      const own = { read: register.read, compareAndSet: register.compareAndSet };
      expect(storeOf(own)).toEqual({ ...TIMES, keys: [], register: { name: '', watches: false } });
      expect(refusal({ store: {} })).toContain('store.type');
    } finally {
      for (const key of Object.keys(pollution)) delete Object.prototype[key];
    }
  });
});
