'use strict';

// The links of published pages.

const { deadLinks, publishedLinks } = require('../../.ci/package/links.js');

const files = new Set([
  'README.md',
  'docs/errors.md',
  'docs/pictures/rotation.svg',
  'examples/stores/redis.js',
]);
const published = (text, repository) => publishedLinks(text, { file: 'docs/errors.md', files, repository });

test.each([
  '[another page](../README.md#use)',
  '[a folder](../examples/stores)',
  '![a picture](pictures/rotation.svg)',
  '[a heading](#codes)',
  '[elsewhere](https://www.rfc-editor.org/rfc/rfc6749)',
  'text in [brackets]',
])('"%s" stays', (text) => {
  expect(published(text)).toBe(text);
});

test('a link to what is not published becomes its text', () => {
  expect(published('see [the `bench`](../bench/README.md), or [the map](../ARCHITECTURE.md#words).')).toBe(
    'see the `bench`, or the map.',
  );
});

test('with the address of a repository it leads there', () => {
  expect(published('[the map](../ARCHITECTURE.md)', 'https://example.com/repo')).toBe(
    '[the map](https://example.com/repo/blob/main/ARCHITECTURE.md)',
  );
});

test('code is no link', () => {
  const code = 'before\n```js\nlist[0](missing.js)\n```\nafter';
  expect(published(code)).toBe(code);
});

test('dead links are found', () => {
  const text = '[one](gone.md) [two](../README.md) [three](../lib/gone.js#x)';
  expect(deadLinks(text, { file: 'docs/errors.md', files })).toEqual(['gone.md', '../lib/gone.js#x']);
});
