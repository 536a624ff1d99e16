'use strict';

const { Readable } = require('node:stream');
const { compare } = require('./compare.js');

const TEXT = 'grüße, \u20ac, \u{1f600}';
const seen = (body, headers = {}) => ({ seen: [{ method: 'POST', body, headers }] });
const latin1 = (text) => Buffer.from(text).toString('latin1');
const posting = (make, config) => ({ send: (api, { url }) => api.post(url, make(), config) });

const file = () => new File(['hello'], 'hä.txt', { type: 'text/plain' });

function form() {
  const data = new FormData();
  data.append('field', TEXT);
  data.append('file', file());
  data.append('field', 'two\nlines');
  return data;
}

/** npm's, as axios has it in `env`; `stream`: with a part of unknown length. */
function npmForm(axios, stream) {
  const data = new axios.defaults.env.FormData();
  data.append('field', TEXT);
  data.append('file', Buffer.from('hello'), { filename: 'a.txt', contentType: 'text/plain' });
  if (stream) data.append('more', Readable.from([Buffer.from('stre'), Buffer.from('amed')]), 'b.bin');
  return data;
}

const FORM = [
  ['field', TEXT],
  ['file', { name: 'a.txt', type: 'text/plain', text: 'hello' }],
];

const quiet = (_request, response) => response.end('taken');

compare(__filename, [
  {
    name: 'an object is JSON',
    ...posting(() => ({ a: TEXT, b: [1, null] })),
    want: seen(latin1(JSON.stringify({ a: TEXT, b: [1, null] })), { 'content-type': 'application/json' }),
  },
  {
    name: 'text is a form, unless it says otherwise',
    ...posting(() => TEXT),
    want: seen(latin1(TEXT), { 'content-type': 'application/x-www-form-urlencoded' }),
  },
  {
    name: 'text with its own content-type',
    ...posting(() => TEXT, { headers: { 'Content-Type': 'text/csv' } }),
    want: seen(latin1(TEXT), { 'content-type': 'text/csv' }),
  },
  {
    name: 'text that is said to be JSON',
    ...posting(() => 'not json', { headers: { 'Content-Type': 'application/json' } }),
    want: seen('"not json"', { 'content-type': 'application/json' }),
  },
  {
    name: 'numbers and booleans as JSON',
    ...posting(() => 7, { headers: { 'Content-Type': 'application/json' } }),
    want: seen('7'),
  },
  {
    name: 'a number is nothing to send',
    ...posting(() => 7),
    want: {
      error: {
        code: 'ERR_BAD_REQUEST',
        message: 'Data after transformation must be a string, an ArrayBuffer, a Buffer, or a Stream',
      },
      seen: [],
    },
  },
  {
    name: 'an object that no transform made anything of',
    ...posting(() => ({ a: 1 }), { transformRequest: [] }),
    want: { error: { code: 'ERR_BAD_REQUEST' }, seen: [] },
  },
  { name: 'a Buffer', ...posting(() => Buffer.from([0, 255, 10])), want: seen('\0\xff\n') },
  {
    name: 'an ArrayBuffer',
    ...posting(() => new Uint8Array([0, 255, 10]).buffer),
    want: seen('\0\xff\n'),
  },
  { name: 'a Uint8Array', ...posting(() => new Uint8Array([0, 255, 10])), want: seen('\0\xff\n') },
  {
    name: 'URLSearchParams',
    ...posting(() => new URLSearchParams({ a: 'x y', b: 'ü' })),
    want: seen('a=x+y&b=%C3%BC', { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' }),
  },
  {
    name: 'an object as a form',
    ...posting(() => ({ a: 1, b: { c: [2] } }), {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    }),
    want: { seen: [{ headers: { 'content-type': 'application/x-www-form-urlencoded' } }] },
  },
  {
    name: 'an object as multipart',
    serve: quiet,
    send: (api, { url }) => api.postForm(url, { a: '1', b: { c: '2' }, 'd[]': ['3', '4'] }),
    want: seen(
      [
        ['a', '1'],
        ['b[c]', '2'],
        ['d[]', '3'],
        ['d[]', '4'],
      ],
      { 'content-type': 'multipart/form-data' },
    ),
  },
  {
    name: 'FormData',
    serve: quiet,
    ...posting(form),
    want: seen(
      [
        ['field', TEXT],
        ['file', { name: 'hä.txt', type: 'text/plain', text: 'hello' }],
        ['field', 'two\r\nlines'],
      ],
      { 'content-type': 'multipart/form-data' },
    ),
    in10: 'fails', // it takes none
  },
  {
    name: 'FormData by postForm',
    serve: quiet,
    send: (api, { url }) => api.postForm(url, form()),
    want: { seen: [{ headers: { 'content-type': 'multipart/form-data' } }] },
    in10: 'fails',
  },
  {
    name: 'form-data of npm',
    serve: quiet,
    send: (api, { url, axios }) => api.post(url, npmForm(axios)),
    want: seen(FORM, { 'content-type': 'multipart/form-data' }),
  },
  {
    name: 'form-data of npm with a stream in it',
    serve: quiet,
    send: (api, { url, axios }) => api.post(url, npmForm(axios, true)),
    want: seen([...FORM, ['more', { name: 'b.bin', type: 'application/octet-stream', text: 'streamed' }]]),
  },
  ...[undefined, 'content-only'].map((formDataHeaderPolicy) => ({
    name: `headers of a form, formDataHeaderPolicy ${formDataHeaderPolicy}`,
    serve: quiet,
    send: (api, { url, axios }) => {
      const data = npmForm(axios);
      const { getHeaders } = data;
      data.getHeaders = () => ({ ...getHeaders.call(data), 'X-Of-Form': '1', Connection: 'close' });
      return api.post(url, data, { formDataHeaderPolicy });
    },
    want: () => {
      const matcher = formDataHeaderPolicy ? expect.not : expect;
      return { seen: [{ headers: matcher.objectContaining({ 'x-of-form': '1' }) }] };
    },
    in10: formDataHeaderPolicy && 'fails',
  })),
  {
    name: 'a Blob',
    ...posting(() => new Blob(['a,b'], { type: 'text/csv' })),
    want: seen('a,b', { 'content-type': 'text/csv' }),
    in10: 'fails', // it takes none
  },
  {
    name: 'a Blob of no type',
    ...posting(() => new Blob(['a,b'])),
    want: seen('a,b', { 'content-type': 'application/octet-stream' }),
    in10: 'fails',
  },
  {
    name: 'a File',
    ...posting(file),
    want: seen('hello', { 'content-type': 'text/plain' }),
    in10: 'fails',
  },
  {
    name: 'a Node stream',
    ...posting(() => Readable.from([Buffer.from('one '), Buffer.from('two')])),
    want: seen('one two'),
  },
  {
    name: 'a Node stream of a length that is known',
    serve: (request, response) => response.end(String(request.headers['content-length'])),
    ...posting(() => Readable.from([Buffer.from('1234567')]), { headers: { 'Content-Length': '7' } }),
    want: { response: { data: 7 }, seen: [{ body: '1234567' }] },
  },
  {
    name: 'a Node stream of no known length is chunked',
    serve: (request, response) => response.end(request.headers['transfer-encoding']),
    ...posting(() => Readable.from([Buffer.from('1234567')])),
    want: { response: { data: 'chunked' } },
  },
  {
    name: 'a large Node stream',
    serve: (_request, response, body) => response.end(String(body.length)),
    ...posting(() => Readable.from(Array.from({ length: 40 }, () => Buffer.alloc(65_536, 'x')))),
    want: { response: { data: 2_621_440 } },
    in10: { response: { data: 2_621_440 } },
  },
  {
    name: 'the length of text is that of its bytes',
    serve: (request, response) => response.end(String(request.headers['content-length'])),
    ...posting(() => 'ü'),
    want: { response: { data: 2 } },
  },
  {
    name: 'nothing at all',
    serve: (request, response) => response.end(String(request.headers['content-length'])),
    ...posting(() => undefined),
    want: { response: { data: 0 }, seen: [{ body: '' }] },
  },
  ...['put', 'patch'].map((method) => ({
    name: `${method.toUpperCase()} has a body`,
    send: (api, { url }) => api[method](url, { a: 1 }),
    want: { seen: [{ method: method.toUpperCase(), body: '{"a":1}' }] },
  })),
  ...['get', 'delete'].map((method) => ({
    name: `${method.toUpperCase()} may have one`,
    send: (api, { url }) => api.request({ method, url, data: { a: 1 } }),
    want: { seen: [{ method: method.toUpperCase(), body: '{"a":1}' }] },
  })),
  {
    name: 'methods are upper case on the way',
    send: (api, { url }) => api.request({ method: 'propfind', url }),
    want: { seen: [{ method: 'PROPFIND' }] },
  },
  {
    name: 'request transforms come first',
    ...posting(() => ({ a: 1 }), {
      transformRequest: [
        (data, headers) => {
          headers['Content-Type'] = 'text/x-mine';
          return `a=${data.a}`;
        },
      ],
    }),
    want: seen('a=1', { 'content-type': 'text/x-mine' }),
  },
]);
