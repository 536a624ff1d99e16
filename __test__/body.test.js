'use strict';

const { Readable } = require('node:stream');
const { inspect } = require('node:util');
const vm = require('node:vm');
const { readBody } = require('../lib/body/read.js');

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

async function* chunks() {
  yield 'x';
}
const STREAMS = [
  ['a Node stream', () => Readable.from(['x'])],
  ['a web stream', () => new Blob(['x']).stream()],
  ['an async generator', chunks],
  ['an async iterable', () => ({ [Symbol.asyncIterator]: chunks })],
];

test.each(STREAMS)('%s is left to be read while it is sent, once', (_name, make) => {
  const stream = make();
  expect(readBody(stream)).toEqual({
    data: { first: expect.anything(), again: undefined, length: undefined },
    contentType: undefined,
  });
  expect(readBody(stream).data.first).toBe(stream);
});

test.each(STREAMS)(
  'a function that makes %s is called at once, and for each further sending',
  (_name, make) => {
    const factory = jest.fn(make);
    const { data, contentType } = readBody(factory);
    expect(factory).toHaveBeenCalledTimes(1);
    expect(data.first).toBe(factory.mock.results[0].value);
    expect(contentType).toBeUndefined();
    expect(data.again()).toBe(factory.mock.results[1].value);
  },
);

test.each([
  ['text', () => 'x', { data: 'x', contentType: 'text/plain;charset=UTF-8' }],
  ['JSON', () => ({ a: 1 }), { data: '{"a":1}', contentType: JSON_TYPE }],
  ['bytes', () => new Uint8Array(1), { data: new Uint8Array(1), contentType: undefined }],
])('what a function makes of %s is the body', (_name, factory, expected) => {
  expect(readBody(factory)).toEqual(expected);
});

test.each([
  ['a Blob', new Blob(['é']), undefined],
  ['a Blob with a type', new Blob(['é'], { type: 'text/csv' }), 'text/csv'],
  ['a File', new File(['é'], 'x.csv', { type: 'text/csv' }), 'text/csv'],
])('%s is read anew for each sending', async (_name, body, contentType) => {
  const read = readBody(body);
  expect(read).toEqual({ data: { first: undefined, again: expect.any(Function), length: 2 }, contentType });
  for (let i = 0; i < 2; i++) expect(await new Response(read.data.again()).text()).toBe('é');
});

test('an empty Blob is no bytes', () => {
  expect(readBody(new Blob([], { type: 'text/csv' }))).toEqual({
    data: new Uint8Array(0),
    contentType: 'text/csv',
  });
});

test('FormData is what the HTML standard makes of it, as it was when it was given', async () => {
  const form = new FormData();
  form.append('näme "1"\r\n', 'a\nb');
  form.append('file', new File(['{"a":1}\n'], 'ü"1".json', { type: 'application/json' }));
  form.append('blob', new Blob(['x']));
  const { data, contentType } = readBody(form);
  form.append('late', SECRET);
  const [, boundary] = contentType.match(/^multipart\/form-data; boundary=([\w-]{20,70})$/);
  const expected = [
    ...[`--${boundary}`, 'content-disposition: form-data; name="näme %221%22%0D%0A"', '', 'a\r\nb'],
    ...[`--${boundary}`, 'content-disposition: form-data; name="file"; filename="ü%221%22.json"'],
    ...['content-type: application/json', '', '{"a":1}\n'],
    ...[`--${boundary}`, 'content-disposition: form-data; name="blob"; filename="blob"'],
    ...['content-type: application/octet-stream', '', 'x', `--${boundary}--`, ''],
  ].join('\r\n');
  expect(data.length).toBe(Buffer.byteLength(expected));
  for (let i = 0; i < 2; i++) expect(await new Response(data.again()).text()).toBe(expected);
});

const locked = new ReadableStream();
locked.getReader();
const destroyed = Readable.from([SECRET]).destroy();
const begun = Readable.from([SECRET]);
begun.read();
const cycle = { [SECRET]: 1 };
cycle.self = cycle;
test.each([
  ['a stream that nobody else reads', locked],
  ['a stream that nobody has read from', destroyed],
  ['a stream that nobody has read from', begun],
  ['a stream that nobody has read from', () => destroyed],
  ['a stream that can be iterated', { pipe: () => SECRET }],
  ['a function that returns a body', () => {}],
  ['a function that returns a body', () => null],
  ['a function that returns a body', () => () => SECRET],
  ['not a promise', async () => SECRET],
  ['not a promise', Promise.resolve(SECRET)],
  ['not a promise', { then: (resolve) => resolve(SECRET) }],
  ['a Map or Set is not', new Map([[SECRET, 1]])],
  ['a Map or Set is not', new Set([SECRET])],
  [
    'another generator is neither',
    (function* () {
      yield SECRET;
    })(),
  ],
  ['a Response is not', new Response(SECRET)],
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
