'use strict';

const { inspect } = require('node:util');
const vm = require('node:vm');
const fc = require('fast-check');
const { MalformedTokens, readTokens, tokensFromArray } = require('../lib/tokens.js');

/** What was left out, in the order in which it was told. */
const notices = [];
const notice = (text) => notices.push(text);
afterEach(() => (notices.length = 0));

const writeTokens = ({ accessToken, refreshToken, expiresAt, extra }) =>
  tokensFromArray([accessToken, refreshToken, expiresAt, extra]);

const SECRET = 's3cr3t-marker';
/** Long ago, so that a time which is read by this file's clock is a wrong one. */
const NOW = 1_700_000_000_000;
const YEAR = 365 * 24 * 3_600_000;
/** 2030. */
const AT = 1_893_456_000_000;
const ORIGINS = ['refresh', 'store', 'seed', 'login'];

const read = (value, origin = 'refresh') => readTokens(value, origin, notice);

describe('readTokens', () => {
  test.each([
    [{ accessToken: 'a' }, { refreshToken: undefined, expiresAt: undefined, extra: undefined }],
    [
      { accessToken: 'a', refreshToken: 'r s', expiresAt: NOW + 5 },
      { refreshToken: 'r s', expiresAt: NOW + 5 },
    ],
    [{ accessToken: 'a', refreshToken: null }, { refreshToken: undefined }],
    [
      { access_token: 'a', refresh_token: 'r', expires_in: 60 },
      { accessToken: 'a', refreshToken: 'r', lifetime: 60_000, expiresAt: undefined },
    ],
    [
      { access_token: 'a', token_type: 'Bearer', scope: 's', id: 1 },
      { extra: '{"scope":"s","id":1,"tokenType":"Bearer"}' },
    ],
    [{ accessToken: 'a', tokenType: 'Bearer' }, { extra: '{"tokenType":"Bearer"}' }],
    [{ accessToken: 'x'.repeat(16_384) }, { accessToken: 'x'.repeat(16_384) }],
    [{ accessToken: 'a', expiresAt: NOW + 0.5 + 5 }, { expiresAt: NOW + 5 }],
    [
      { accessToken: 'a', expiresAt: NOW - 1, expires_in: 60 },
      { lifetime: 60_000, expiresAt: undefined },
    ],
    [
      { accessToken: ' a\r\n', refreshToken: '\tr s ' },
      { accessToken: 'a', refreshToken: 'r s' },
    ],
    [{ accessToken: 'Bearer a' }, { accessToken: 'a' }],
    [{ access_token: 'bearer  a\n' }, { accessToken: 'a' }],
    [
      { accessToken: '', access_token: 'a', refresh_token: '' },
      { accessToken: 'a', refreshToken: undefined },
    ],
    [{ accessToken: 'a', refreshToken: ' \n' }, { refreshToken: undefined }],
    [{ accessToken: 'a', fn() {}, toJSON: () => SECRET, u: undefined }, { extra: undefined }],
  ])('%#', (value, expected) => {
    expect(read(value)).toMatchObject(expected);
  });

  const hours = (n) => n * 3_600_000;
  const days = (n) => hours(24 * n);
  test.each([
    [60, 60_000],
    ['60', 60_000],
    ['60.5', 60_500],
    [5_183_944, 5_183_944_000],
    [YEAR / 1000, YEAR],
    [2 ** 32, YEAR],
    // Whole days are seconds …
    [604_800, days(7)],
    [2_592_000, days(30)],
    [5_184_000, days(60)],
    [8_640_000, days(100)],
    [31_536_000, days(365)],
    // … and these are milliseconds.
    [300_000, hours(1 / 12)],
    [900_000, hours(1 / 4)],
    [3_600_000, hours(1)],
    ['3600000', hours(1)],
    [5_400_000, hours(1.5)],
    [21_600_000, hours(6)],
    [86_400_000, days(1)],
    [2_592_000_000, days(30)],
    // Servers round down.
    [3_599_000, hours(1) - 1000],
  ])('expires_in %p', (expires_in, lifetime) => {
    for (const origin of ['refresh', 'seed', 'login'])
      expect(read({ access_token: 'a', expires_in }, origin)).toMatchObject({
        lifetime,
        expiresAt: undefined,
      });
    expect(read({ access_token: 'a', expiresIn: expires_in }).lifetime).toBe(lifetime);
    expect(notices).toEqual([]);
    expect(read({ access_token: 'a', expires_in }, 'store').lifetime).toBe(undefined);
    expect(notices).toEqual([
      'a stored lifetime began at an unknown time, so that it counts as unknown: store expiresAt',
    ]);
  });

  test.each([1_764_000_001, '1764000001', 1_764_000_001_000])(
    'expires_in %p is a moment in the wrong field',
    (expires_in) => {
      expect(read({ access_token: 'a', expires_in }).expiresAt).toBe(1_764_000_001_000);
      expect(read({ access_token: 'a', expires_in }, 'store').expiresAt).toBe(1_764_000_001_000);
      expect(notices).toEqual([]);
    },
  );

  test.each([
    ...[0, '0', -1, '-1', '', null].map((value) => [value, false]),
    ...[NaN, Infinity, 1e99, '1e99', '1 hour', true, {}, 10n, Symbol('x')].map((value) => [value, true]),
  ])('expires_in %p is unknown; it is told: %p', (expires_in, told) => {
    const { lifetime, expiresAt, extra } = read({ access_token: 'a', expires_in });
    expect([lifetime, expiresAt, extra]).toEqual([undefined, undefined, undefined]);
    expect(notices).toEqual(
      told ? ['expires_in is no time that is known; the lifetime counts as unknown'] : [],
    );
  });

  test.each([
    [AT, AT],
    [AT + 0.5, AT],
    [AT / 1000, AT],
    [String(AT / 1000), AT],
    [String(AT), AT],
    ['2030-01-01', AT],
    ['2030-01-01T00:00:00Z', AT],
    ['2030-01-01T01:00:00.000+01:00', AT],
    ['Tue, 01 Jan 2030 00:00:00 GMT', AT],
    [new Date(AT), AT],
    [vm.runInNewContext(`new Date(${AT})`), AT],
    [1, 1],
    [59, 59],
    [8.64e15, 8.64e15],
  ])('expiresAt %p', (value, expiresAt) => {
    for (const name of ['expiresAt', 'expires_at', 'expires_on', 'expiresOn', 'expiry_date'])
      for (const origin of ORIGINS)
        expect(read({ accessToken: 'a', [name]: value }, origin)).toMatchObject({
          expiresAt,
          extra: undefined,
        });
    expect(notices).toEqual([]);
  });

  test('a lifetime that is called expiresAt is a lifetime', () => {
    expect(read({ accessToken: 'a', expiresAt: 3600 }).lifetime).toBe(3_600_000);
    expect(read({ accessToken: 'a', expiresAt: 3_600_000 }).lifetime).toBe(3_600_000);
    expect(read({ accessToken: 'a', expiresAt: 3600 }, 'store')).toMatchObject({ lifetime: undefined });
    expect(notices).toHaveLength(1);
  });

  test.each([
    ...[0, -1, null, ''].map((value) => [value, false]),
    ...[NaN, 8.64e15 + 1, 'tomorrow', '7 days', {}, true, new Date(NaN)].map((value) => [value, true]),
  ])('expiresAt %p is unknown; it is told: %p', (value, told) => {
    for (const origin of ORIGINS)
      expect(read({ accessToken: 'a', expiresAt: value }, origin).expiresAt).toBe(undefined);
    expect(notices).toHaveLength(told ? ORIGINS.length : 0);
  });

  const hostile = {
    get accessToken() {
      throw new Error(SECRET);
    },
  };
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  test.each([
    ...[
      undefined,
      null,
      SECRET,
      7,
      true,
      Symbol(SECRET),
      () => SECRET,
      [],
      [SECRET],
      {},
      { token: SECRET },
    ].map((value) => [value]),
    ...[
      undefined,
      null,
      7,
      '',
      {},
      [SECRET],
      `${SECRET} x`,
      `${SECRET}\nx`,
      'Bearer ',
      `${SECRET}\0`,
      `${SECRET}\x7f`,
      `${SECRET}é`,
      SECRET.repeat(2_000),
    ].flatMap((token) => [[{ accessToken: token }], [{ access_token: token }]]),
    [hostile],
    [proxy],
  ])('refuses %#', (value) => {
    for (const origin of ORIGINS) {
      let error;
      try {
        readTokens(value, origin, notice);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(MalformedTokens);
      expect(error.name).toBe('MalformedTokens');
      expect(error.message + error.stack).not.toContain(SECRET);
    }
  });

  describe('a refresh token that is unusable', () => {
    test.each([7, {}, `${SECRET}\nx`, `${SECRET}é`, SECRET.repeat(2_000)])('%p', (token) => {
      for (const name of ['refreshToken', 'refresh_token']) {
        const tokens = { accessToken: 'a', [name]: token };
        for (const origin of ['store', 'seed', 'login'])
          expect(() => read(tokens, origin)).toThrow(/^refreshToken (must|has)/);
        expect(read(tokens)).toMatchObject({ accessToken: 'a', refreshToken: undefined });
      }
      expect(notices).toHaveLength(2);
      expect(notices[0]).toMatch(/^refreshToken (must|has).*; the refresh token held is kept$/);
      expect(notices[0]).not.toContain(SECRET);
    });
  });

  describe('a refresh token without a usable access token', () => {
    test.each([undefined, null, '', 7, {}, 'a b', SECRET.repeat(2_000)])('beside %p', (accessToken) => {
      const error = failure({ accessToken, refreshToken: SECRET });
      expect(MalformedTokens.refreshTokenOf(error)).toBe(SECRET);
      expect(inspect(error, { showHidden: true })).not.toContain(SECRET);
      expect(JSON.stringify(error)).not.toContain(SECRET);
    });

    test('is what a seed, a login and a store may have', () => {
      for (const origin of ['store', 'seed', 'login'])
        expect(read({ refreshToken: 'r' }, origin)).toMatchObject({ accessToken: '', refreshToken: 'r' });
      expect(readTokens(writeTokens(read({ refreshToken: 'r' }, 'seed')), 'store').refreshToken).toBe('r');
    });
  });

  const failure = (value, origin = 'refresh') => {
    try {
      readTokens(value, origin, notice);
    } catch (error) {
      return error;
    }
    throw new Error('was read');
  };

  test('says which field is wrong, and what came instead', () => {
    const [headers, body] = [{}, {}];
    const cases = [
      [{ accessToken: 7 }, 'accessToken must be a string, and is a number'],
      [{ access_token: ['a'] }, 'accessToken must be a string, and is an array'],
      [{ access_token: 'a b' }, 'accessToken has characters a token cannot have'],
      [undefined, 'refresh returned nothing: each path must return the tokens'],
      [null, 'refresh returned null'],
      ['{"access_token":"a"}', 'refresh returned a string: return what JSON.parse makes of it'],
      [[], 'refresh returned an array'],
      [new Response('{}'), 'refresh returned a response whose body is not read: return response.json()'],
      [
        { status: 200, headers, data: { access_token: 'a' } },
        'refresh returned an object with status, headers and data: return response.data',
      ],
      [
        { statusCode: 200, headers, body },
        'refresh returned an object with status, headers and body: return the parsed body',
      ],
      [{ tokens: { access_token: 'a' } }, 'refresh returned an object with tokens: return its tokens'],
      [{ [SECRET]: 1 }, 'refresh returned an object without accessToken and access_token'],
    ];
    for (const [value, message] of cases) expect(failure(value).message).toBe(message);
    expect(failure({}, 'store').message).toBe(
      'getTokens returned an object without accessToken and access_token',
    );
  });

  describe('what cannot be kept is left out, and told by name', () => {
    const cycle = {};
    cycle.self = cycle;
    const throwing = {
      toJSON() {
        throw new Error(SECRET);
      },
    };
    const getter = Object.defineProperty({ accessToken: 'a', scope: 's' }, 'raw', {
      enumerable: true,
      get() {
        throw new Error(SECRET);
      },
    });
    test.each([
      ['a cycle', { accessToken: 'a', scope: 's', raw: cycle }, 'the field raw is no JSON, and is left out'],
      [
        'a BigInt',
        { accessToken: 'a', scope: 's', raw: { n: [10n] } },
        'the field raw is no JSON, and is left out',
      ],
      [
        'toJSON',
        { accessToken: 'a', scope: 's', raw: throwing },
        'the field raw is no JSON, and is left out',
      ],
      ['a getter', getter, 'the field raw threw when it was read, and is left out'],
      [
        'a secret name',
        { accessToken: 'a', scope: 's', [SECRET]: 1n },
        'a field is no JSON, and is left out',
      ],
      [
        'half a character for a name',
        { accessToken: 'a', scope: 's', '\ud800': 1 },
        'a field whose name is no Unicode text is left out',
      ],
    ])('%s', (_, value, told) => {
      for (const origin of ORIGINS)
        expect(read(value, origin)).toMatchObject({ accessToken: 'a', extra: '{"scope":"s"}' });
      expect(new Set(notices)).toEqual(new Set([told]));
    });

    test('by default with a process warning', () => {
      const warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
      readTokens({ accessToken: 'a', raw: 1n }, 'login');
      expect(warning.mock.calls).toEqual([
        ['tokens: the field raw is no JSON, and is left out', { code: 'TOKEN_ROTATOR_TOKENS' }],
      ]);
      warning.mockRestore();
    });
  });

  test('inherited properties are no tokens', () => {
    expect(() => read(Object.create({ accessToken: 'a' }))).toThrow(MalformedTokens);
    Object.prototype.refreshToken = SECRET;
    Object.prototype.toJSON = () => SECRET;
    try {
      expect(read({ accessToken: 'a', x: 1 })).toMatchObject({ refreshToken: undefined, extra: '{"x":1}' });
    } finally {
      delete Object.prototype.refreshToken;
      delete Object.prototype.toJSON;
    }
  });

  test('objects of another realm', () => {
    expect(read(vm.runInNewContext('({ access_token: "a", n: [1] })'))).toMatchObject({
      accessToken: 'a',
      extra: '{"n":[1]}',
    });
  });

  test('throws nothing but MalformedTokens', () => {
    const field = fc.oneof(fc.anything({ withBigInt: true, withDate: true }), fc.string(), fc.double());
    const names = [
      'accessToken',
      'access_token',
      'refreshToken',
      'refresh_token',
      'expiresAt',
      'expires_in',
      'token_type',
      '__proto__',
      'toJSON',
      'x',
    ];
    const object = fc.dictionary(fc.constantFrom(...names), field);
    fc.assert(
      fc.property(fc.oneof(object, fc.anything()), fc.constantFrom(...ORIGINS), (value, origin) => {
        let tokens;
        try {
          tokens = readTokens(value, origin, notice);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedTokens);
          return;
        }
        expect(tokens.accessToken === '' || /^[\x21-\x7e]+$/.test(tokens.accessToken)).toBe(true);
        expect(tokens.accessToken !== '' || (origin !== 'refresh' && tokens.refreshToken !== undefined)).toBe(
          true,
        );
        expect(tokens.expiresAt === undefined || Number.isInteger(tokens.expiresAt)).toBe(true);
        expect(Object.getPrototypeOf(writeTokens(tokens))).toBe(Object.prototype);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('refreshAt', () => {
  const wanted = (value, origin) => {
    const { refreshAt, refreshIn, extra } = read({ access_token: 'a', ...value }, origin);
    return [refreshAt, refreshIn, extra];
  };

  test.each([
    [{ refresh_in: 3600 }, [undefined, 3_600_000]],
    [{ refreshIn: '90' }, [undefined, 90_000]],
    [{ refreshAt: AT }, [AT, undefined]],
    [{ refreshAt: new Date(AT) }, [AT, undefined]],
    [{ refreshAt: AT, refresh_in: 60 }, [undefined, 60_000]],
    ...[0, -1, null, 'soon', {}, NaN].map((none) => [{ refresh_in: none, refreshAt: none }, []]),
  ])('%j of a refresh', (value, [at, after]) => {
    expect(wanted(value)).toEqual([at, after, undefined]);
    expect(notices).toEqual([]);
  });

  test('a lifetime that was stored began at an unknown time', () => {
    expect(wanted({ refresh_in: 60 }, 'store')).toEqual([undefined, undefined, undefined]);
    expect(wanted({ refresh_in: 60, refreshAt: AT }, 'store')).toEqual([AT, undefined, undefined]);
    expect(wanted({ refresh_in: 60 }, 'login')).toEqual([undefined, 60_000, undefined]);
  });
});

describe('tokensFromArray', () => {
  test('gives a fresh plain object, without what is unknown', () => {
    const native = { accessToken: 'a', refreshToken: null, expiresAt: null, extra: null };
    expect(writeTokens(native)).toStrictEqual({ accessToken: 'a' });
    expect(writeTokens(native)).not.toBe(writeTokens(native));
    expect(
      writeTokens({ accessToken: 'a', refreshToken: 'r', expiresAt: 5, extra: '{"scope":"s"}' }),
    ).toStrictEqual({
      accessToken: 'a',
      refreshToken: 'r',
      expiresAt: 5,
      scope: 's',
    });
    expect(writeTokens({ accessToken: 'a' })).toStrictEqual({ accessToken: 'a' });
  });

  test('extra fields set no prototype and hide no token', () => {
    const tokens = writeTokens({
      accessToken: 'a',
      extra: '{"__proto__":{"admin":true},"accessToken":"b","constructor":1}',
    });
    expect(tokens).toMatchObject({ accessToken: 'a', constructor: 1 });
    expect(tokens.admin).toBeUndefined();
    expect(Object.assign({}, tokens).admin).toBeUndefined();
    const nested = read(
      JSON.parse('{"access_token":"a","__proto__":{"admin":true},"n":{"__proto__":{"admin":true}}}'),
    );
    expect(writeTokens(nested).admin).toBeUndefined();
    expect(writeTokens(nested).n.admin).toBeUndefined();
  });

  test('what is written reads the same', () => {
    const extra = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(fc.stringMatching(/^[\x21-\x7e]{1,40}$/), extra, (accessToken, fields) => {
        const native = read({ ...fields, accessToken, refreshToken: 'r', expiresAt: AT }, 'login');
        expect(read(writeTokens(native), 'store')).toEqual(native);
      }),
      { numRuns: 500 },
    );
  });

  test('a malformed error shows no value of its cause', () => {
    let error;
    try {
      read({ accessToken: 7, toString: null, big: { [SECRET]: 10n } });
    } catch (thrown) {
      error = thrown;
    }
    expect(inspect(error)).not.toContain(SECRET);
  });
});
