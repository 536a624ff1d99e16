'use strict';

const { Readable } = require('node:stream');
const { inspect } = require('node:util');
const vm = require('node:vm');
const { readBody } = require('../lib/body.js');

const SECRET = 's3cr3t-marker';
const JSON_TYPE = 'application/json';
const inOtherRealm = (code) => vm.runInNewContext(code, { URLSearchParams });

test.each([
  ['undefined', undefined, undefined, undefined],
  ['null', null, undefined, undefined],
  ['text', 'héllo', 'héllo', 'text/plain;charset=UTF-8'],
  ['empty text', '', '', 'text/plain;charset=UTF-8'],
  ['a form', new URLSearchParams({ a: 'b c' }), 'a=b+c', 'application/x-www-form-urlencoded;charset=UTF-8'],
  ['an object', { a: 1 }, '{"a":1}', JSON_TYPE],
  ['an array', [1], '[1]', JSON_TYPE],
  ['a null prototype', Object.assign(Object.create(null), { a: 1 }), '{"a":1}', JSON_TYPE],
  ['toJSON', { toJSON: () => 'x' }, '"x"', JSON_TYPE],
  ['a Date', new Date(0), '"1970-01-01T00:00:00.000Z"', JSON_TYPE],
  [
    'a class',
    new (class {
      a = 1;
    })(),
    '{"a":1}',
    JSON_TYPE,
  ],
  ['a number', 5, '5', JSON_TYPE],
  ['false', false, 'false', JSON_TYPE],
  ['__proto__', JSON.parse('{"__proto__":1}'), '{"__proto__":1}', JSON_TYPE],
  ['an object of another realm', inOtherRealm('({ a: [1] })'), '{"a":[1]}', JSON_TYPE],
  [
    'a form of another realm',
    inOtherRealm('new URLSearchParams("a=b")'),
    'a=b',
    'application/x-www-form-urlencoded;charset=UTF-8',
  ],
])('%s', (_name, body, data, contentType) => {
  expect(readBody(body)).toEqual({ data, contentType });
});

test.each([
  ['Uint8Array', new Uint8Array([1, 2])],
  ['Buffer', Buffer.from([1, 2])],
  ['ArrayBuffer', new Uint8Array([1, 2]).buffer],
  ['Uint16Array', new Uint16Array([0x0201])],
  ['DataView', new DataView(new Uint8Array([0, 1, 2, 0]).buffer, 1, 2)],
  ['a part of a buffer', new Uint8Array([0, 1, 2, 0]).subarray(1, 3)],
  ['SharedArrayBuffer', new Uint8Array(new SharedArrayBuffer(2)).fill(1).map((_, i) => i + 1)],
  ['Uint8Array of another realm', inOtherRealm('new Uint8Array([1, 2])')],
  ['ArrayBuffer of another realm', inOtherRealm('new Uint8Array([1, 2]).buffer')],
])('bytes: %s', (_name, body) => {
  const { data, contentType } = readBody(body);
  expect(Object.prototype.toString.call(data)).toBe('[object Uint8Array]');
  expect([...data]).toEqual([1, 2]);
  expect(contentType).toBeUndefined();
});

test('bytes are not copied, unless another thread could change them', () => {
  const own = Buffer.from('x');
  expect(readBody(own).data).toBe(own);
  const shared = new Uint8Array(new SharedArrayBuffer(1));
  const { data } = readBody(shared);
  shared[0] = 7;
  expect(data[0]).toBe(0);
});

const cycle = { [SECRET]: 1 };
cycle.self = cycle;
test.each([
  ['a stream is not available in this version', Readable.from([SECRET])],
  ['a stream is not available in this version', new ReadableStream()],
  [
    'a stream is not available in this version',
    (async function* () {
      yield SECRET;
    })(),
  ],
  ['FormData is not available in this version', new FormData()],
  ['Blob is not available in this version', new Blob([SECRET])],
  ['a factory is not available in this version', () => SECRET],
  ['not a promise', Promise.resolve(SECRET)],
  ['a Map or Set is not', new Map([[SECRET, 1]])],
  ['a Map or Set is not', new Set([SECRET])],
  ['serialisable as JSON', cycle],
  ['serialisable as JSON', { [SECRET]: 10n }],
  ['serialisable as JSON', 10n],
  ['serialisable as JSON', Symbol(SECRET)],
  ['serialisable as JSON', { toJSON: () => undefined }],
])('refuses: %s (%#)', (message, body) => {
  let error;
  try {
    readBody(body);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
  expect(error.message).toMatch(/^body/);
  expect(error.message).toContain(message);
  for (const text of [error.message, error.stack, inspect(error), JSON.stringify(error)])
    expect(text).not.toContain(SECRET);
});
