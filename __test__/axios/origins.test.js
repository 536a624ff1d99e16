'use strict';

// To which URLs the token may go. Where a request would really go is asked of axios itself.

const axios = require('axios');
const { OriginRule } = require('../../lib/axios/requests/origins.js');

let warnings;
beforeEach(() => {
  warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => warnings.mockRestore());

const HOME = 'https://api.example.com';
const BASES = [
  HOME,
  `${HOME}/`,
  `${HOME}/v1`,
  `${HOME}/v1//`,
  'https://api.example.com:443/v1',
  'HTTPS://API.example.com',
];
const PATHS = [
  '',
  '/',
  'orders',
  '/orders',
  '/orders?next=https://evil.example',
  '//',
  '/\\evil.example',
  '\\\\evil.example',
];
const TRICKS = [
  '@evil.example',
  ':80@evil.example/',
  '.evil.example',
  '..//evil.example',
  'evil.example:80',
  '#@evil.example',
  '?@evil.example',
];
const AWAY = [
  'https://evil.example',
  'http://api.example.com',
  'https://api.example.com:8443',
  '//evil.example/x',
  'HTTPS://evil.example',
  'https://api.example.com.evil.example',
  'https://api.example.com@evil.example',
  'wss://api.example.com',
];

/** By axios' own joining, and a URL parser's reading. */
function goesTo(api, config) {
  const href = api.getUri(config);
  return URL.canParse(href, 'http://localhost') ? new URL(href, 'http://localhost').origin : undefined;
}

describe.each(BASES)('baseURL %s', (baseURL) => {
  const api = axios.create({ baseURL });
  const trusts = (config) => new OriginRule(api).trusts({ baseURL, ...config });

  test.each([...PATHS, ...TRICKS, ...AWAY])('%j is trusted if it goes there', (url) => {
    expect(trusts({ url })).toBe(goesTo(api, { url }) === HOME);
  });

  test.each([...PATHS, ...TRICKS])('%j goes there', (url) => {
    expect(trusts({ url })).toBe(!/^\/\/$/.test(url));
  });

  test.each(AWAY)('%s does not', (url) => {
    expect(trusts({ url })).toBe(false);
  });

  test.each(AWAY)('%s does, where absolute URLs are not allowed', (url) => {
    expect(trusts({ url, allowAbsoluteUrls: false })).toBe(true);
  });

  test('another baseURL of the request', () => {
    expect(trusts({ baseURL: 'https://evil.example', url: '/x' })).toBe(false);
    expect(trusts({ baseURL: `${HOME}/v2`, url: '/x' })).toBe(true);
  });
});

test.each(['https://', 'https://user@', '/', '/api', '', '\\'])('baseURL %j names no host', (baseURL) => {
  const api = axios.create({ baseURL });
  const rule = new OriginRule(api, [HOME]);
  for (const url of [...TRICKS, ...AWAY, '/\\evil.example', '\\\\evil.example', 'evil.example']) {
    const isNowhere = goesTo(api, { url }) === 'http://localhost';
    expect([url, rule.trusts({ baseURL, url })]).toEqual([url, isNowhere]);
  }
});

test('a relative baseURL and relative URLs', () => {
  const api = axios.create({ baseURL: '/api' });
  const rule = new OriginRule(api);
  expect(rule.trusts({ baseURL: '/api', url: '/orders' })).toBe(true);
  expect(rule.trusts({ baseURL: '/api', url: 'https://evil.example' })).toBe(false);
});

test('the baseURL may be set later', () => {
  const api = axios.create();
  const rule = new OriginRule(api);
  api.defaults.baseURL = HOME;
  expect(rule.trusts({ url: `${HOME}/x` })).toBe(true);
  expect(rule.trusts({ url: 'https://evil.example' })).toBe(false);
});

test('redirects', () => {
  const rule = new OriginRule(axios.create({ baseURL: HOME }), ['https://uploads.example.com']);
  expect(rule.trustsUrl(`${HOME}/x`)).toBe(true);
  expect(rule.trustsUrl('https://uploads.example.com/x')).toBe(true);
  for (const url of AWAY) expect(rule.trustsUrl(url)).toBe(false);
});

test('the first request that goes without says so, and no other', () => {
  const rule = new OriginRule(axios.create({ baseURL: HOME }));
  rule.trusts({ url: 'https://one.example/path?token=secret' });
  rule.trusts({ url: 'https://two.example' });
  expect(warnings.mock.calls).toEqual([
    [
      expect.stringMatching(/^a request to https:\/\/one\.example was sent/),
      { code: 'TOKEN_ROTATOR_ORIGIN' },
    ],
  ]);
});
