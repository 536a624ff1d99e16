'use strict';

// A short run of `npm run leaks`, and whether its scan sees what it looks for.

const { MARK, scan } = require('../../evidence/leaks.js');
const { forms, shown } = require('../../evidence/shown.js');
const { TokenRotatorError } = require('../../index.js');

test('no secret is in anything that can be printed', async () => {
  const { texts, leaks } = await scan(1_500);
  expect(texts).toBeGreaterThanOrEqual(1_500);
  expect(leaks).toEqual([]);
});

const base64 = (text) => Buffer.from(text).toString('base64');

test.each([
  ['a message', new Error(MARK)],
  ['a hidden field', Object.defineProperty(new Error('x'), 'hidden', { value: { deep: [MARK] } })],
  ['a cause of a cause', new TokenRotatorError('x', { cause: new TokenRotatorError('y', { cause: MARK }) })],
  ['a key', { [MARK]: 1 }],
  ['toJSON', { toJSON: () => MARK }],
  ['a Basic header', base64(`client:${MARK}`)],
  ['base64 at another place', base64(`id:${MARK}:`)],
  ['base64 at a third place', base64(`user:${MARK}!`)],
  ['hexadecimal digits', Buffer.from(MARK).toString('hex')],
])('the scan sees a secret in %s', (_, value) => {
  const looked = forms(MARK);
  const texts = shown(value).map((text) => text.toLowerCase());
  expect(texts.some((text) => looked.some((form) => text.includes(form)))).toBe(true);
});
