'use strict';

// The cookies of one origin: what RFC 6265 says of them, as far as a refresh token in one needs it.

const clock = require('../../lib/clock.js');
const { CookieStore } = require('../../lib/axios/packages/cookies.js');

const store = (origin = 'http://api.example.com') => new CookieStore(origin);

/** The Cookie header for `pathname` after an answer to `asked`. */
function sent(lines, { origin, asked = '/api/login', pathname = '/api/orders', given } = {}) {
  const cookies = store(origin);
  cookies.take(lines, asked);
  return cookies.header(pathname, given);
}

test('a name and its value', () => {
  expect(sent(['a=1; HttpOnly; SameSite=Strict', 'b="2"'])).toBe('a=1; b="2"');
  expect(sent(['a=b=c'])).toBe('a=b=c');
  expect(sent(['a='])).toBe('a=');
});

test.each(['=1', 'nothing', '', 'a=1\u0000', `a=${'x'.repeat(5000)}`])('%j is none', (line) => {
  expect(sent([line])).toBe(undefined);
});

test('of one name the last counts', () => {
  expect(sent(['a=1', 'a=2'])).toBe('a=2');
});

test.each([
  ['Path=/', '/', 'a=1'],
  ['Path=/api', '/api', 'a=1'],
  ['Path=/api', '/api/x', 'a=1'],
  ['Path=/api/', '/api', undefined],
  ['Path=/api', '/apix', undefined],
  ['Path=/API', '/api', undefined],
  ['Path=relative', '/api/x', 'a=1'],
  ['Path=relative', '/other', undefined],
  ['HttpOnly', '/api/x', 'a=1'],
  ['HttpOnly', '/other', undefined],
])('%s for %s: %p', (attribute, pathname, expected) => {
  expect(sent([`a=1; ${attribute}`], { pathname })).toBe(expected);
});

test('of several paths the longest comes first', () => {
  const lines = ['a=1; Path=/', 'b=2; Path=/api/orders', 'c=3; Path=/api'];
  expect(sent(lines)).toBe('b=2; c=3; a=1');
});

test.each([
  ['Max-Age=10', 'a=1'],
  ['Max-Age=0', undefined],
  ['Max-Age=-1', undefined],
  ['Max-Age=junk', 'a=1'],
  ['Expires=Wed, 21 Oct 2065 07:28:00 GMT', 'a=1'],
  ['Expires=Wed, 21 Oct 2015 07:28:00 GMT', undefined],
  ['Expires=junk', 'a=1'],
  ['Expires=Wed, 21 Oct 2015 07:28:00 GMT; Max-Age=10', 'a=1'],
  ['Max-Age=0; Expires=Wed, 21 Oct 2065 07:28:00 GMT', undefined],
])('%s: %p', (attributes, expected) => {
  expect(sent([`a=1; ${attributes}`])).toBe(expected);
});

test('a cookie that has expired takes the one before with it', () => {
  expect(sent(['a=1', 'a=; Max-Age=0'])).toBe(undefined);
});

test('a cookie runs out', () => {
  const now = jest.spyOn(clock, 'now').mockReturnValue(0);
  const cookies = store();
  cookies.take(['a=1; Max-Age=10'], '/');
  expect(cookies.header('/')).toBe('a=1');
  now.mockReturnValue(10_001);
  expect(cookies.header('/')).toBe(undefined);
  now.mockRestore();
});

test.each([
  ['http://api.example.com', undefined],
  ['https://api.example.com', 'a=1'],
])('Secure on %s: %p', (origin, expected) => {
  expect(sent(['a=1; Secure'], { origin })).toBe(expected);
});

test.each([
  ['example.com', 'a=1'],
  ['.Example.com', 'a=1'],
  ['api.example.com', 'a=1'],
  ['other.com', undefined],
  ['pi.example.com', undefined],
  ['a.api.example.com', undefined],
])('Domain=%s: %p', (domain, expected) => {
  expect(sent([`a=1; Domain=${domain}`])).toBe(expected);
});

test('cookies that the request brings stay, and what is stored is newer', () => {
  expect(sent(['a=1'], { given: 'b=2; a=0' })).toBe('b=2; a=1');
  expect(sent([], { given: 'b=2' })).toBe('b=2');
});

test('no server fills the memory', () => {
  const cookies = store();
  cookies.take(
    Array.from({ length: 1000 }, (_, at) => `c${at}=1`),
    '/',
  );
  expect(cookies.header('/').split('; ').length).toBe(50);
  expect(cookies.header('/')).toMatch(/c999=1$/);
});
