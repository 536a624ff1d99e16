'use strict';

const { inspect } = require('node:util');
const vm = require('node:vm');
const fc = require('fast-check');
const { MalformedTokens, readTokens, tokensFromArray } = require('../lib/tokens.js');

const writeTokens = ({ accessToken, refreshToken, expiresAt, extra }) =>
  tokensFromArray([accessToken, refreshToken, expiresAt, extra]);

const SECRET = 's3cr3t-marker';
const NOW = 1_700_000_000_000;
const YEAR = 365 * 24 * 3_600_000;
const ORIGINS = ['refresh', 'store', 'seed', 'login'];

beforeEach(() => jest.spyOn(Date, 'now').mockReturnValue(NOW));
afterEach(() => jest.restoreAllMocks());

const read = (value, origin = 'refresh') => readTokens(value, origin);

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
      { accessToken: 'a', refreshToken: 'r', expiresAt: NOW + 60_000 },
    ],
    [
      { access_token: 'a', token_type: 'Bearer', scope: 's', id: 1 },
      { extra: '{"scope":"s","id":1,"tokenType":"Bearer"}' },
    ],
    [{ accessToken: 'a', tokenType: 'Bearer' }, { extra: '{"tokenType":"Bearer"}' }],
    [{ accessToken: 'x'.repeat(16_384) }, { accessToken: 'x'.repeat(16_384) }],
    [{ accessToken: 'a', expiresAt: NOW + 0.5 + 5 }, { expiresAt: NOW + 5 }],
    [{ accessToken: 'a', expiresAt: NOW - 1, expires_in: 60 }, { expiresAt: NOW + 60_000 }],
    [{ accessToken: 'a', fn() {}, toJSON: () => SECRET, u: undefined }, { extra: undefined }],
  ])('%#', (value, expected) => {
    expect(read(value)).toMatchObject(expected);
  });

  test.each([
    [60, NOW + 60_000],
    ['60', NOW + 60_000],
    ['60.5', NOW + 60_500],
    [YEAR, NOW + YEAR],
    [2 ** 32, NOW + YEAR],
    [0, undefined],
    ['0', undefined],
    [-1, undefined],
    ['-1', undefined],
    [NaN, undefined],
    [Infinity, undefined],
    [1e99, undefined],
    ['1e99', undefined],
    ['1 hour', undefined],
    ['', undefined],
    [null, undefined],
    [true, undefined],
    [{}, undefined],
  ])('expires_in %p', (expires_in, expiresAt) => {
    expect(read({ access_token: 'a', expires_in }).expiresAt).toBe(expiresAt);
    expect(read({ access_token: 'a', expires_in }, 'login').expiresAt).toBe(expiresAt);
    expect(read({ access_token: 'a', expires_in }, 'store').expiresAt).toBe(undefined);
  });

  test.each([
    [NOW + 1, NOW + 1, NOW + 1],
    [NOW, undefined, NOW],
    [1, undefined, 1],
    [NOW + 2 * YEAR, NOW + YEAR, NOW + YEAR],
    [8.64e15 + 1, undefined, undefined],
    [0, undefined, undefined],
    [-1, undefined, undefined],
    [NaN, undefined, undefined],
    ['2030-01-01', undefined, undefined],
    [null, undefined, undefined],
    [new Date(NOW + 5), undefined, undefined],
  ])('expiresAt %p', (expiresAt, refreshed, kept) => {
    expect(read({ accessToken: 'a', expiresAt }).expiresAt).toBe(refreshed);
    for (const origin of ['store', 'seed', 'login'])
      expect(read({ accessToken: 'a', expiresAt }, origin).expiresAt).toBe(kept);
  });

  const cycle = { accessToken: 'a' };
  cycle.self = cycle;
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
      `${SECRET}\n`,
      `${SECRET}\r`,
      `${SECRET}\0`,
      `${SECRET}\x7f`,
      `${SECRET}é`,
      SECRET.repeat(2_000),
    ].flatMap((token) => [[{ accessToken: token }], [{ access_token: token }]]),
    ...[7, '', {}, `${SECRET}\n`, `${SECRET}é`, SECRET.repeat(2_000)].flatMap((token) => [
      [{ accessToken: 'a', refreshToken: token }],
      [{ accessToken: 'a', refresh_token: token }],
    ]),
    [{ accessToken: 'a', big: 10n }],
    [cycle],
    [hostile],
    [proxy],
  ])('refuses %#', (value) => {
    for (const origin of ORIGINS) {
      let error;
      try {
        readTokens(value, origin);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(MalformedTokens);
      expect(error.name).toBe('MalformedTokens');
      expect(error.message + error.stack).not.toContain(SECRET);
    }
  });

  test('says what is wrong', () => {
    expect(() => read({ accessToken: 'a', big: 10n })).toThrow('extra fields must be JSON');
    expect(() => read({ accessToken: 7 })).toThrow('accessToken must be a string');
    expect(() => read({ accessToken: 'a', refresh_token: '' })).toThrow('refreshToken must have');
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
          tokens = readTokens(value, origin);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedTokens);
          return;
        }
        expect(tokens.accessToken).toMatch(/^[\x21-\x7e]+$/);
        expect(tokens.expiresAt === undefined || Number.isInteger(tokens.expiresAt)).toBe(true);
        expect(Object.getPrototypeOf(writeTokens(tokens))).toBe(Object.prototype);
      }),
      { numRuns: 3_000 },
    );
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
        const native = readTokens({ ...fields, accessToken, refreshToken: 'r', expires_in: 60 }, 'refresh');
        expect(readTokens(writeTokens(native), 'store')).toEqual(native);
      }),
      { numRuns: 500 },
    );
  });

  test('a malformed error shows no value of its cause', () => {
    let error;
    try {
      read({ accessToken: 'a', toString: null, big: { [SECRET]: 10n } });
    } catch (thrown) {
      error = thrown;
    }
    expect(inspect(error)).not.toContain(SECRET);
  });
});
