'use strict';

const { readFileSync } = require('node:fs');
const path = require('node:path');
const { inspect } = require('node:util');
const vm = require('node:vm');
const fc = require('fast-check');
const { TokenRotatorError } = require('../lib/errors.js');
const { readClientOptions } = require('../lib/options/client.js');
const { readRequestOptions } = require('../lib/options/request.js');

const SECRET = 's3cr3t-marker';
const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const refresh = () => ({ accessToken: 'a' });
const settingsOf = (options) => readClientOptions({ refresh, ...options }).settings;
const RETRY = {
  limit: 2,
  methods: ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'],
  statusCodes: [408, 425, 429, 500, 502, 503, 504],
  maxDelay: 30_000,
};

/** For a client and for a request alike. */
const badRetry = {
  retry: [null, NaN, SECRET, [SECRET], Symbol(SECRET), 10n, -1, 1.5, 101, Infinity],
  'retry.limit': [-1, 1.5, 101, Infinity, SECRET, null, true].map((limit) => ({ retry: { limit } })),
  'retry.methods': [null, SECRET, { 0: SECRET }].map((methods) => ({ retry: { methods } })),
  'retry.methods[1]': [7, null, '', `${SECRET} `, [SECRET]].map((odd) => ({
    retry: { methods: ['GET', odd] },
  })),
  'retry.statusCodes': [null, SECRET, 503, { 0: 503 }].map((statusCodes) => ({ retry: { statusCodes } })),
  'retry.statusCodes[0]': [99, 600, 500.5, '503', SECRET, null].map((odd) => ({
    retry: { statusCodes: [odd] },
  })),
  'retry.maxDelay': [-1, Infinity, NaN, 2 ** 31, SECRET, null].map((maxDelay) => ({ retry: { maxDelay } })),
  'retry.maxRetries': [{ retry: { maxRetries: SECRET } }],
};

/** The error names the option; the value is nowhere in it. */
function expectRefused(run, named) {
  let error;
  try {
    run();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(TokenRotatorError);
  expect(error).toMatchObject({ name: 'TokenRotatorError', code: 'ERR_INVALID_OPTION', retryable: false });
  expect(error.message).toContain(named);
  for (const text of [error.message, error.stack, inspect(error, { depth: 9 }), JSON.stringify(error)]) {
    expect(text).not.toContain(SECRET);
  }
}

describe('undefined is the same as absent', () => {
  const types = readFileSync(path.join(__dirname, '../index.d.ts'), 'utf8');
  const optionsOf = (...names) => {
    const blocks = names.map(
      (name) => new RegExp(`(interface|type) ${name}\\b[^]*?\\n\\n(?=\\S)`).exec(types)[0],
    );
    return blocks.flatMap((text) => [...text.matchAll(/^ {2,6}(\w+)\?:/gm)].map(([, name]) => name));
  };

  test('for every option of a client that index.d.ts declares', () => {
    const names = optionsOf('ClientOptions', 'TokenStorage', 'Judge', 'Route');
    expect(names).toEqual(expect.arrayContaining(['baseURL', 'getTokens', 'judgedStatuses', 'proxy', 'tls']));
    for (const name of names) expect(settingsOf({ [name]: undefined })).toEqual(settingsOf({}));
  });

  test('for every option of a request that index.d.ts declares', () => {
    const names = optionsOf('VerbOptions', 'RequestOptions');
    expect(names).toEqual(expect.arrayContaining(['method', 'query', 'signal', 'idempotencyKey']));
    for (const name of names) {
      expect(readRequestOptions(undefined, { [name]: undefined })).toEqual(readRequestOptions());
    }
  });
});

describe('client options', () => {
  test('defaults', () => {
    const { settings, callbacks } = readClientOptions({ refresh });
    expect(settings).toEqual({
      baseUrl: undefined,
      allowedOrigins: [],
      headers: '',
      header: { name: 'authorization', hasFormat: false },
      foreignHeader: 'warn',
      session: {
        key: 'default',
        share: undefined,
        seed: undefined,
        hasStore: false,
        refreshAhead: -1,
        keepAlive: 0,
        maxIdentities: 10_000,
        refreshTimeout: 10_000,
        maxRetries: 3,
        rotationGrace: 0,
        hearsRefreshed: false,
        hearsSuperseded: false,
      },
      queue: { max: 10_000, timeout: 0 },
      transport: {
        connections: 256,
        custom: false,
        http2: true,
        socketPath: undefined,
        tls: { ca: undefined, cert: undefined, key: undefined, rejectUnauthorized: true },
        proxy: undefined,
      },
      timeout: 30_000,
      redirect: 0,
      fetchRedirect: 'follow',
      maxResponseSize: 64 * 1024 * 1024,
      allowInsecure: false,
      retry: RETRY,
      hasExpired: false,
      judgedStatuses: [],
      replay: true,
      throwHttpErrors: false,
    });
    expect(callbacks).toEqual({ refresh });
    expect(Object.keys(callbacks).sort()).toEqual(
      [
        ...[
          'refresh',
          'getTokens',
          'setTokens',
          'isSessionExpired',
          'isRefreshFailureTerminal',
          'format',
          'logger',
        ],
        ...['onBeforeRefresh', 'onRefreshed', 'onRefreshFailed', 'onPersistFailed', 'onSuperseded'],
        ...['logout', 'onHookError'],
      ].sort(),
    );
  });

  test('undefined is absent', () => {
    const named = Object.fromEntries(
      [
        'baseURL',
        'headers',
        'header',
        'tokens',
        'timeout',
        'queue',
        'tls',
        'logger',
        'grant',
        'retry',
        'proxy',
        'http2',
        'socketPath',
      ].map((name) => [name, undefined]),
    );
    expect(settingsOf(named)).toEqual(settingsOf({}));
  });

  test.each([
    [{ baseURL: 'https://API.example.com:443/v1' }, { baseUrl: 'https://api.example.com/v1' }],
    [{ baseURL: new URL('http://127.0.0.1:1') }, { baseUrl: 'http://127.0.0.1:1/' }],
    [
      { allowedOrigins: ['https://A.b:443', 'https://a.b/', 'http://[::1]:80'] },
      { allowedOrigins: ['https://a.b', 'http://[::1]'] },
    ],
    [
      { headers: { Accept: 'text/html', 'X-N': 7, none: undefined } },
      { headers: 'accept\ntext/html\nx-n\n7' },
    ],
    [{ header: { name: 'X-Token', format: String } }, { header: { name: 'x-token', hasFormat: true } }],
    [{ header: { foreign: 'keep' } }, { foreignHeader: 'keep' }],
    [
      { tokens: { accessToken: 'a', expiresAt: 1 } },
      { session: { seed: { accessToken: 'a', expiresAt: 1 } } },
    ],
    [{ refreshAhead: 0 }, { session: { refreshAhead: 0 } }],
    [{ refreshAhead: -0 }, { session: { refreshAhead: 0 } }],
    [{ refreshTimeout: 1.2 }, { session: { refreshTimeout: 2 } }],
    [{ refreshTimeout: 2 ** 31 - 1 }, { session: { refreshTimeout: 2 ** 31 - 1 } }],
    [{ maxRetries: 0 }, { session: { maxRetries: 0 } }],
    [{ rotationGrace: 1 }, { session: { rotationGrace: 1 } }],
    [{ rotationGrace: 'okta' }, { session: { rotationGrace: 30_000 } }],
    [{ rotationGrace: 'auth0' }, { session: { rotationGrace: 0 } }],
    [{ rotationGrace: 'cognito' }, { session: { rotationGrace: 0 } }],
    [{ rotationGrace: 'supabase' }, { session: { rotationGrace: 10_000 } }],
    [{ rotationGrace: 'xero' }, { session: { rotationGrace: 1_800_000 } }],
    [{ rotationGrace: 'workos' }, { session: { rotationGrace: 10_000 } }],
    [{ rotationGrace: 'atlassian' }, { session: { rotationGrace: 600_000 } }],
    [{ onRefreshed() {} }, { session: { hearsRefreshed: true, hearsSuperseded: false } }],
    [{ onSuperseded() {} }, { session: { hearsRefreshed: false, hearsSuperseded: true } }],
    [{ queue: { max: 0, timeout: 5 } }, { queue: { max: 0, timeout: 5 } }],
    [
      { tls: { ca: Buffer.from(PEM), cert: PEM, key: PEM, rejectUnauthorized: false } },
      { transport: { tls: { ca: PEM, cert: PEM, key: PEM, rejectUnauthorized: false } } },
    ],
    [{ getTokens: () => null, setTokens() {} }, { session: { hasStore: true } }],
    [{ store: { type: 'memory' } }, { session: { hasStore: false } }],
    [{ isSessionExpired: () => true }, { hasExpired: true }],
    [{ redirect: 'same-origin' }, { redirect: 0, fetchRedirect: 'same-origin' }],
    [{ redirect: 'manual' }, { redirect: 3, fetchRedirect: 'manual' }],
    [{ connections: 1 }, { transport: { connections: 1 } }],
    [{ retry: true }, { retry: RETRY }],
    [{ retry: false }, { retry: { ...RETRY, limit: 0 } }],
    [{ retry: 0 }, { retry: { ...RETRY, limit: 0 } }],
    [{ retry: 100 }, { retry: { ...RETRY, limit: 100 } }],
    [{ retry: {} }, { retry: RETRY }],
    [{ retry: { limit: undefined, maxDelay: 0.5 } }, { retry: { ...RETRY, maxDelay: 1 } }],
    [
      { retry: { limit: 7, methods: ['post', 'X-Own'], statusCodes: [418], maxDelay: 0 } },
      { retry: { limit: 7, methods: ['POST', 'X-OWN'], statusCodes: [418], maxDelay: 0 } },
    ],
    [{ retry: { methods: [], statusCodes: [] } }, { retry: { ...RETRY, methods: [], statusCodes: [] } }],
    [{ http2: false }, { transport: { http2: false } }],
    [
      { socketPath: '/run/api.sock', proxy: false },
      { transport: { socketPath: '/run/api.sock', proxy: undefined } },
    ],
    ...[
      ['http://proxy', 'http://proxy/'],
      ['HTTPS://u:p%40@PROXY:3128/', 'https://u:p%40@proxy:3128/'],
      ['socks5://[::1]:1080', 'socks5://[::1]:1080'],
      ['socks5h://u:p@proxy', 'socks5h://u:p@proxy'],
    ].map(([proxy, url]) => [
      { proxy },
      { transport: { proxy: { http: url, https: url, except: '', loopback: true } } },
    ]),
    [{ share: 'all', session: 'x'.repeat(512) }, { session: { share: 'all', key: 'x'.repeat(512) } }],
  ])('accepts %p', (options, expected) => {
    expect(settingsOf(options)).toMatchObject(expected);
  });

  const wrongTypes = [null, true, NaN, [SECRET], { [SECRET]: 1 }, Symbol(SECRET), 10n];
  const bad = {
    baseURL: [
      ...wrongTypes,
      SECRET,
      `ftp://${SECRET}`,
      `https://u:${SECRET}@a`,
      `https://a/?${SECRET}`,
      `https://a/#${SECRET}`,
      '/v1',
      'https://',
      7,
    ],
    allowedOrigins: [
      null,
      SECRET,
      7,
      [7],
      [null],
      [SECRET],
      [`https://a/${SECRET}`],
      [`https://*.${SECRET}`],
      [`https://${SECRET}@a`],
      [`ws://${SECRET}`],
    ],
    headers: [
      null,
      SECRET,
      7,
      [SECRET],
      [['a', 'b', SECRET]],
      { a: `${SECRET}\n` },
      { a: null },
      { a: [[SECRET]] },
      { a: ['x', `${SECRET}\n`] },
      { a: `${SECRET}\u20ac` },
      { [`${SECRET} `]: 'x' },
      { 'content-length': SECRET },
    ],
    header: [null, SECRET, [SECRET], () => SECRET],
    'header.name': [{ name: `${SECRET}:` }, { name: '' }, { name: 7 }, { name: 'Transfer-Encoding' }].map(
      (header) => ({ header }),
    ),
    'header.format': [{ format: SECRET }, { format: null }].map((header) => ({ header })),
    'header.foreign': [{ foreign: SECRET }, { foreign: true }].map((header) => ({ header })),
    refresh: [...wrongTypes, SECRET],
    tokens: [
      null,
      SECRET,
      [],
      {},
      { accessToken: `${SECRET}\nx` },
      { accessToken: 7, x: SECRET },
      { access_token: '' },
    ],
    session: [null, '', 7, `${SECRET}`.repeat(50)],
    share: [null, '', 7, `${SECRET}`.repeat(50)],
    getTokens: [{ getTokens: () => SECRET }, { getTokens: SECRET, setTokens() {} }],
    setTokens: [{ setTokens: () => SECRET }, { setTokens: SECRET, getTokens() {} }],
    store: [null, SECRET, [], { store: { type: 'memory' }, getTokens() {}, setTokens() {} }],
    'store.type': [
      {},
      { type: SECRET },
      { type: null },
      { type: 'etcd', path: SECRET },
      { path: SECRET },
    ].map((store) => ({ store })),
    'store.path': [{ store: { type: 'memory', path: SECRET } }],
    isSessionExpired: [null, SECRET],
    isRefreshFailureTerminal: [null, SECRET],
    onBeforeRefresh: [null, SECRET],
    onRefreshed: [null, SECRET],
    onRefreshFailed: [null, SECRET],
    onPersistFailed: [null, SECRET],
    onHookError: [null, SECRET],
    logout: [null, SECRET],
    logger: [null, SECRET, {}, { debug() {} }, { error() {} }, { debug: SECRET, error: SECRET }],
    keepAlive: [...wrongTypes, -1, 0, 59_999, Infinity, 2 ** 31, SECRET],
    maxIdentities: [...wrongTypes, -1, 0, 1.5, Infinity, 2 ** 31, SECRET],
    refreshAhead: [...wrongTypes, -1, Infinity, 2 ** 31, SECRET, '5'],
    refreshTimeout: [...wrongTypes, -1, 0, Infinity, 2 ** 31, SECRET, '5'],
    timeout: [...wrongTypes, -1, 0, Infinity, 2 ** 31, SECRET],
    maxRetries: [...wrongTypes, -1, 1.5, 101, Infinity, SECRET],
    rotationGrace: [...wrongTypes, -1, Infinity, SECRET, 'constructor', '__proto__'],
    queue: [null, SECRET, [SECRET], 5],
    'queue.max': [-1, 1.5, Infinity, SECRET, null].map((max) => ({ queue: { max } })),
    'queue.timeout': [-1, 0, Infinity, SECRET, null].map((timeout) => ({ queue: { timeout } })),
    'queue.size': [{ queue: { size: SECRET } }],
    redirect: [...wrongTypes, SECRET, 'Follow'],
    maxResponseSize: [...wrongTypes, 0, -1, 1.5, Infinity, 2 ** 31, SECRET],
    connections: [...wrongTypes, 0, -1, 1.5, 65_536, SECRET],
    allowInsecure: [null, 1, SECRET],
    throwHttpErrors: [null, 1, SECRET],
    tls: [null, SECRET, [SECRET], { cert: PEM }, { key: PEM }].map((tls) => ({ tls })),
    'tls.ca': [SECRET, Buffer.from(SECRET), null, 7, [], [PEM, SECRET], [undefined], [[PEM]]].map((ca) => ({
      tls: { ca },
    })),
    'tls.key': [SECRET, Buffer.from(SECRET), null].map((key) => ({ tls: { cert: PEM, key } })),
    'tls.rejectUnauthorized': [0, null, SECRET].map((rejectUnauthorized) => ({
      tls: { rejectUnauthorized },
    })),
    grant: [null, SECRET, { type: 'refresh_token', clientSecret: SECRET }],
    ...badRetry,
    http2: [null, 1, SECRET],
    socketPath: [
      null,
      '',
      7,
      Buffer.from('/run'),
      SECRET.repeat(1000),
      { socketPath: SECRET, proxy: 'http://p' },
    ],
    proxy: [
      null,
      true,
      7,
      '',
      SECRET,
      'ENV',
      `proxy:${SECRET}`,
      `socks4://${SECRET}`,
      `ftp://${SECRET}`,
      `http://p/${SECRET}`,
      `http://p?${SECRET}`,
      `http://p#${SECRET}`,
      `http://u:${SECRET}@`,
      `socks5://${SECRET}/x`,
      new URL(`http://${SECRET}`),
      { socketPath: SECRET, proxy: 'env' },
    ],
  };
  const cases = Object.entries(bad).flatMap(([name, values]) => values.map((value, i) => [name, i, value]));

  test.each(cases)('refuses a wrong %s (%i)', (name, _i, value) => {
    // An entry that is itself a set of options is used as it is.
    const isOptions = typeof value === 'object' && value !== null && Object.hasOwn(value, name.split('.')[0]);
    expectRefused(() => readClientOptions({ refresh, ...(isOptions ? value : { [name]: value }) }), name);
  });

  test.each([undefined, null, 7, SECRET, [], () => {}])('refuses %p for options', (options) => {
    expectRefused(() => readClientOptions(options), 'options');
  });

  test('wants a way to get tokens', () => {
    expectRefused(() => readClientOptions({}), 'refresh or grant must be given');
  });

  test.each([
    [{ refreshTimout: SECRET }, 'unknown option refreshTimout; did you mean refreshTimeout?'],
    [{ baseUrl: SECRET }, 'unknown option baseUrl; did you mean baseURL?'],
    [{ tls: { Ca: SECRET } }, 'unknown option tls.Ca; did you mean tls.ca?'],
    [{ retry: { statusCode: SECRET } }, 'unknown option retry.statusCode; did you mean retry.statusCodes?'],
    [{ [SECRET]: 1 }, 'unknown option (its name is no word)'],
    [{ tls: { [SECRET]: 1 } }, 'unknown option tls.(its name is no word)'],
    [{ headers: { [SECRET]: {} } }, 'headers: a value must be a string'],
    [{ zebra: SECRET }, 'unknown option zebra'],
    [JSON.parse(`{"__proto__":"${SECRET}"}`), 'unknown option __proto__'],
  ])('refuses an unknown name: %p', (options, message) => {
    expectRefused(() => readClientOptions(Object.assign(Object.create(null), { refresh }, options)), message);
  });

  test('a polluted Object.prototype changes nothing', () => {
    const groups = { queue: {}, tls: {}, header: {}, retry: {}, store: { type: 'memory' } };
    const before = readClientOptions({ refresh, ...groups });
    const pollution = {
      timeout: 1,
      retry: false,
      limit: 0,
      methods: [SECRET],
      maxDelay: 1,
      grant: {},
      max: 0,
      ca: 'x',
      format: () => SECRET,
      name: 'x',
      getTokens: 1,
      zebra: 1,
    };
    Object.assign(Object.prototype, pollution);
    try {
      const after = readClientOptions({ refresh, ...groups });
      for (const key of Object.keys(pollution)) delete Object.prototype[key];
      expect(after).toEqual(before);
    } finally {
      for (const key of Object.keys(pollution)) delete Object.prototype[key];
    }
  });

  test('options of another realm', () => {
    const foreign = vm.runInNewContext(
      '({ refresh() {}, queue: { max: 5 }, headers: { a: "b" }, allowedOrigins: ["https://a.b"] })',
    );
    expect(readClientOptions(foreign).settings).toMatchObject({
      queue: { max: 5 },
      headers: 'a\nb',
      allowedOrigins: ['https://a.b'],
    });
  });

  test('a logger keeps its this', () => {
    class Lines {
      debug() {}
      error() {}
    }
    const logger = new Lines();
    expect(readClientOptions({ refresh, logger }).callbacks.logger).toBe(logger);
  });

  test('any value for any option is taken or refused by name', () => {
    const names = fc.constantFrom(...Object.keys(bad).filter((name) => !name.includes('.')));
    fc.assert(
      fc.property(names, fc.anything({ withBigInt: true, withNullPrototype: true }), (name, value) => {
        try {
          readClientOptions({ refresh, [name]: value });
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
          expect(error.message).toMatch(new RegExp(`${name}|refresh|setTokens`));
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('request options', () => {
  const DEFAULTS = {
    method: 'GET',
    headers: '',
    data: undefined,
    query: '',
    timeout: 0,
    skipAuthRefresh: false,
    redirect: undefined,
    retry: undefined,
    throwHttpErrors: undefined,
    signal: undefined,
  };

  test('none allocates nothing', () => {
    expect(readRequestOptions('POST')).toBe(readRequestOptions('POST', undefined));
    expect(Object.isFrozen(readRequestOptions())).toBe(true);
    expect(readRequestOptions()).toEqual(DEFAULTS);
    expect(readRequestOptions('DELETE')).toEqual({ ...DEFAULTS, method: 'DELETE' });
    expect(readRequestOptions('GET', {})).toEqual(DEFAULTS);
  });

  const { signal } = new AbortController();
  test.each([
    [{ method: 'post' }, { method: 'POST' }],
    [{ method: 'report' }, { method: 'report' }],
    [{ headers: { Accept: ' a b\t', 'X-N': 0, none: undefined } }, { headers: 'accept\na b\nx-n\n0' }],
    [{ headers: new Headers({ 'X-A': '1', b: '2' }) }, { headers: 'b\n2\nx-a\n1' }],
    [
      {
        headers: [
          ['A', '1'],
          ['a', '2'],
        ],
      },
      { headers: 'a\n1\na\n2' },
    ],
    [{ headers: new Map([['A', '\u00a0\u00e9\u00a0']]) }, { headers: 'a\n\u00a0\u00e9\u00a0' }],
    [{ headers: { a: '' } }, { headers: 'a\n' }],
    [
      { query: { a: 1, 'b c': 'd&e=f', t: true, n: null, u: undefined, e: '' } },
      { query: 'a=1&b+c=d%26e%3Df&t=true&e=' },
    ],
    [{ query: {} }, { query: '' }],
    [{ query: { id: [1, null, 'b'], none: [], t: true } }, { query: 'id=1&id=b&t=true' }],
    [{ headers: { a: ['1', '2'], none: [] } }, { headers: 'a\n1\na\n2' }],
    [{ headers: { Connection: 'close', 'content-length': '0', a: 'b' } }, { headers: 'a\nb' }],
    [
      {
        headers: [
          ['TE', 'trailers'],
          ['Transfer-Encoding', 'chunked'],
          ['a', 'b'],
        ],
      },
      { headers: 'a\nb' },
    ],
    [{ headers: new Headers({ 'keep-alive': 'timeout=5, max=100' }) }, { headers: '' }],
    [{ timeout: 0.5 + 1 }, { timeout: 2 }],
    [{ signal }, { signal }],
    [{ signal: null }, { signal: undefined }],
    [{ skipAuthRefresh: true }, { skipAuthRefresh: true }],
    [{ redirect: 'same-origin' }, { redirect: 'same-origin' }],
    [{ redirect: 'follow' }, { redirect: 'follow' }],
    [{ redirect: 'error' }, { redirect: 'error' }],
    [{ redirect: 'manual' }, { redirect: 'manual' }],
    [{ throwHttpErrors: false }, { throwHttpErrors: false }],
    [{ retry: true }, { retry: RETRY }],
    [{ retry: false }, { retry: { ...RETRY, limit: 0 } }],
    [{ retry: 7 }, { retry: { ...RETRY, limit: 7 } }],
    [{ retry: { methods: ['Post'], maxDelay: 5 } }, { retry: { ...RETRY, methods: ['POST'], maxDelay: 5 } }],
    [{ idempotencyKey: '"a~!"' }, { headers: 'idempotency-key\n"a~!"' }],
    [
      { idempotencyKey: 'k', headers: { A: 'idempotency-key', b: 'c' } },
      { headers: 'a\nidempotency-key\nb\nc\nidempotency-key\nk' },
    ],
    [{ body: null }, {}],
    [{ timeout: undefined, retry: undefined, idempotencyKey: undefined, method: undefined }, {}],
  ])('%p', (options, expected) => {
    expect(readRequestOptions(undefined, options)).toEqual({ ...DEFAULTS, ...expected });
  });

  test('a body brings its content type, unless there is one', () => {
    expect(readRequestOptions('POST', undefined, { a: 1 })).toMatchObject({
      data: '{"a":1}',
      headers: 'content-type\napplication/json',
    });
    expect(readRequestOptions('POST', { headers: { a: 'b' } }, 'x').headers).toBe(
      'a\nb\ncontent-type\ntext/plain;charset=UTF-8',
    );
    expect(readRequestOptions('POST', { headers: { 'Content-Type': 'text/csv' } }, 'x').headers).toBe(
      'content-type\ntext/csv',
    );
    expect(
      readRequestOptions('POST', {
        headers: [
          ['a', 'b'],
          ['content-TYPE', 'c'],
        ],
        body: 'x',
      }).headers,
    ).toBe('a\nb\ncontent-type\nc');
    expect(readRequestOptions('PUT', undefined, Buffer.from('x')).headers).toBe('');
    expect(readRequestOptions('POST', undefined, null)).toEqual({ ...DEFAULTS, method: 'POST' });
  });

  test('what a retry of its own leaves out is the client’s', () => {
    const clients = { limit: 9, methods: ['POST'], statusCodes: [418], maxDelay: 1 };
    const read = (retry) => readRequestOptions(undefined, { retry }, undefined, clients).retry;
    expect(read(true)).toEqual(clients);
    expect(read(false)).toEqual({ ...clients, limit: 0 });
    expect(read(1)).toEqual({ ...clients, limit: 1 });
    expect(read({ statusCodes: [503] })).toEqual({ ...clients, statusCodes: [503] });
    expect(read({ limit: 3, methods: ['get'], maxDelay: 2 })).toEqual({
      limit: 3,
      methods: ['GET'],
      statusCodes: [418],
      maxDelay: 2,
    });
  });

  test('idempotencyKey true is a random UUID, another one each time', () => {
    const read = () => readRequestOptions('POST', { idempotencyKey: true });
    const [first, second] = [read(), read()];
    expect(first.headers).toMatch(/^idempotency-key\n[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(second.headers).not.toBe(first.headers);
  });

  test('a value that reads like a header name is no header', () => {
    expect(readRequestOptions('POST', { headers: { a: 'content-type', b: 'c' } }, 'x').headers).toContain(
      '\ncontent-type\ntext/plain',
    );
  });

  const bad = {
    options: [null, 7, SECRET, [SECRET]],
    method: ['', 7, null, `${SECRET} `, 'GE\nT', 'connect', 'TRACE'].map((method) => ({ method })),
    headers: [
      null,
      SECRET,
      7,
      [SECRET],
      [['a']],
      [[`${SECRET} `, 'a']],
      { [`${SECRET}\n`]: 'a' },
      { 'Content-Length': SECRET },
    ].map((headers) => ({ headers })),
    'x-a': [
      null,
      true,
      [[SECRET]],
      `${SECRET}\r\nx: y`,
      `${SECRET}\0`,
      `${SECRET}\x7f`,
      `${SECRET}\u0100`,
      { toString: () => SECRET },
    ].map((value) => ({ headers: { 'x-a': value } })),
    'content-length': [{ headers: { 'content-length': '1' } }],
    body: [{ method: 'GET', body: SECRET }, { method: 'HEAD', body: SECRET }, { body: SECRET }],
    query: [
      null,
      SECRET,
      7,
      [SECRET],
      new URLSearchParams({ id: SECRET }),
      new Map([['id', SECRET]]),
      { id: [[SECRET]] },
      { id: ['a', NaN] },
      { id: NaN },
      { id: {} },
      { id: 1n },
    ].map((query) => ({ query })),
    timeout: [0, -1, Infinity, NaN, SECRET, null].map((timeout) => ({ timeout })),
    signal: [SECRET, {}, { aborted: false }, 7].map((value) => ({ signal: value })),
    skipAuthRefresh: [1, null, SECRET].map((skipAuthRefresh) => ({ skipAuthRefresh })),
    redirect: [null, SECRET, 1].map((redirect) => ({ redirect })),
    throwHttpErrors: [null, SECRET].map((throwHttpErrors) => ({ throwHttpErrors })),
    ...Object.fromEntries(
      Object.entries(badRetry).map(([name, values]) => [
        name,
        name === 'retry' ? values.map((retry) => ({ retry })) : values,
      ]),
    ),
    idempotencyKey: [
      ...[false, null, 7, '', `${SECRET} `, `${SECRET}\n`, `${SECRET}é`, SECRET.repeat(20), [SECRET]].map(
        (idempotencyKey) => ({ idempotencyKey }),
      ),
      { idempotencyKey: SECRET, headers: { 'Idempotency-Key': 'x' } },
      { headers: [['IDEMPOTENCY-KEY', SECRET]], idempotencyKey: true },
    ],
    'did you mean headers?': [{ header: SECRET }],
    'unknown option zebra': [{ zebra: SECRET }, { zebra: undefined }],
  };
  const cases = Object.entries(bad).flatMap(([name, values]) => values.map((value, i) => [name, i, value]));

  test.each(cases)('refuses: %s (%i)', (name, _i, options) => {
    expectRefused(() => readRequestOptions(undefined, options), name);
  });

  test.each([
    'connection',
    'transfer-encoding',
    'keep-alive',
    'upgrade',
    'expect',
    'te',
    'trailer',
    'content-length',
  ])('refuses the framing header %s', (name) => {
    expectRefused(() => readRequestOptions('POST', { headers: { [name.toUpperCase()]: SECRET } }), name);
  });

  test('refuses a method beside a verb, and two bodies', () => {
    expectRefused(() => readRequestOptions('GET', { method: 'POST' }), 'method');
    expect(readRequestOptions('GET', { method: 'get' }).method).toBe('GET');
    expectRefused(() => readRequestOptions('POST', { body: SECRET }, SECRET), 'body');
  });

  test('own properties only', () => {
    Object.prototype.timeout = 1;
    try {
      expect(readRequestOptions('GET', {}).timeout).toBe(0);
      expect(readRequestOptions('GET', Object.create({ timeout: 5 })).timeout).toBe(0);
    } finally {
      delete Object.prototype.timeout;
    }
  });

  test('headers cannot be injected', () => {
    const nasty = fc.string({
      unit: fc.constantFrom('a', ' ', '\r', '\n', '\0', ':', '\t', '\x7f', '\u00e9', '\u2028', '\x85'),
    });
    fc.assert(
      fc.property(nasty, nasty, (name, value) => {
        let lines;
        try {
          lines = readRequestOptions('GET', { headers: [[name, value]] }).headers.split('\n');
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
          return;
        }
        expect(lines).toHaveLength(2);
        expect(lines[0]).toMatch(/^a+$/);
        expect(lines[1]).not.toMatch(/[\r\n\0\x7f]/);
      }),
      { numRuns: 2_000 },
    );
  });
});
