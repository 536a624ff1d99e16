'use strict';

// Hosts with letters of Latin-1, in a process that has read many URLs. Node 20 has a `URL.canParse` that refuses these once V8 has
// compiled its caller, so the calls before each check matter.

const { httpUrl, parseUrl } = require('../../lib/options/check.js');

const TIMES = 100_000;
const URLS = ['https://münchen.example/v1', 'https://éé.example/ü?ß=é'];

test.each(URLS)('%s is a URL', (text) => {
  for (let i = 0; i < TIMES; i += 1) parseUrl('https://api.example/v1');
  expect(parseUrl(text)?.href).toBe(new URL(text).href);
});

test.each(URLS)('%s is a URL beside a base', (text) => {
  for (let i = 0; i < TIMES; i += 1) parseUrl('https://api.example/v1', 'http://base.example');
  expect(parseUrl(text, 'http://base.example')?.href).toBe(new URL(text).href);
});

test('baseURL may be such a URL', () => {
  for (let i = 0; i < TIMES; i += 1) httpUrl('https://api.example/v1', 'baseURL');
  expect(httpUrl('https://münchen.example/v1', 'baseURL').hostname).toBe('xn--mnchen-3ya.example');
});
