'use strict';

// The attributes of spans, by OpenTelemetry's conventions for HTTP client spans.

const attributes = require('../../lib/opentelemetry/attributes.js');

const ofTry = (method, url) =>
  attributes.ofTry({ request: { method, url }, attempt: 1, cause: 'first', generation: undefined });

test.each([
  ['https://api.example/a', 'api.example', 443],
  ['http://api.example/a', 'api.example', 80],
  ['http://api.example:8080/a', 'api.example', 8080],
  ['https://[2001:db8::1]:8443/', '2001:db8::1', 8443],
])('%s is at %s, port %d', (url, address, port) => {
  expect(ofTry('GET', url)).toEqual({
    ...{ 'http.request.method': 'GET', 'url.full': url, 'server.address': address, 'server.port': port },
    'token_rotator.cause': 'first',
  });
});

test('a method that the conventions do not know, and a text that is no URL', () => {
  expect(ofTry('PURGE', '')).toEqual({
    ...{ 'http.request.method': '_OTHER', 'http.request.method_original': 'PURGE' },
    'token_rotator.cause': 'first',
  });
  expect(attributes.nameOfTry({ request: { method: 'PURGE' } })).toBe('HTTP');
  expect(attributes.nameOfTry({ request: { method: 'GET' } })).toBe('GET');
});

test.each([
  [{ status: 399 }, undefined],
  [{ status: 400 }, '400'],
  [{ status: 503 }, '503'],
  [{ errorCode: 'ERR_NETWORK' }, 'ERR_NETWORK'],
  [{ errorCode: 'UNKNOWN' }, '_OTHER'],
])('the error of %p is %s', (answer, type) => {
  expect(attributes.ofAnswer(answer)['error.type']).toBe(type);
});
