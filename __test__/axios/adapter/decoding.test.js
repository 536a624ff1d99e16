'use strict';

const { once } = require('node:events');
const zlib = require('node:zlib');
const { compare } = require('./compare.js');

const TEXT = 'grüße, \u20ac';
const JSON_TEXT = JSON.stringify({ text: TEXT });

const answering = (body, headers, config) => ({
  serve: (_request, response) => response.writeHead(200, headers).end(body),
  send: (api, { url }) => api.get(url, config),
});
const data = (value) => ({ response: { status: 200, data: value } });

const compressed = [
  ['gzip', zlib.gzipSync],
  ['deflate', zlib.deflateSync],
  ['br', zlib.brotliCompressSync],
].flatMap(([coding, compress]) => {
  const body = compress(JSON_TEXT);
  const headers = { 'content-encoding': coding, 'content-type': 'application/json' };
  return [
    {
      name: `${coding} is decoded`,
      ...answering(body, headers),
      want: { response: { data: { text: TEXT }, headers: { 'content-type': 'application/json' } } },
    },
    {
      name: `${coding} in chunks`,
      ...answering(body, headers),
      serve: (_request, response) => {
        response.writeHead(200, headers);
        for (const byte of body) response.write(Buffer.from([byte]));
        response.end();
      },
      want: data({ text: TEXT }),
    },
    {
      name: `${coding} as a stream`,
      ...answering(body, headers, { responseType: 'stream' }),
      want: data({ stream: JSON_TEXT }),
    },
    {
      name: `${coding} as bytes`,
      ...answering(body, headers, { responseType: 'arraybuffer' }),
      want: data({ bytes: Buffer.from(JSON_TEXT).toString('latin1') }),
    },
    {
      name: `${coding} of nothing`,
      ...answering(undefined, { ...headers, 'content-length': 0 }),
      want: data(''),
      in10: 'fails', // it takes nothing for a broken something
    },
  ];
});

const encodings = ['utf8', 'latin1', 'binary', 'ascii', 'base64', 'hex', 'utf16le', 'ucs2'].flatMap(
  (encoding) =>
    [TEXT, 'plain'].map((text) => ({
      name: `responseEncoding ${encoding} of ${text}`,
      ...answering(Buffer.from(text), {}, { responseEncoding: encoding, responseType: 'text' }),
      want: data(Buffer.from(text).toString(encoding)),
    })),
);

compare(__filename, [
  ...compressed,
  {
    name: 'raw deflate',
    ...answering(zlib.deflateRawSync(JSON_TEXT), { 'content-encoding': 'deflate' }),
    want: data({ text: TEXT }),
    in10: 'fails',
  },
  {
    name: 'x-gzip',
    ...answering(zlib.gzipSync(JSON_TEXT), { 'content-encoding': 'x-gzip' }),
    want: data({ text: TEXT }),
    in10: 'fails',
  },
  {
    name: 'GZIP in capitals',
    ...answering(zlib.gzipSync(JSON_TEXT), { 'content-encoding': 'GZIP' }),
    want: data({ text: TEXT }),
    in10: 'fails',
  },
  {
    name: 'a coding that nobody knows is left alone',
    ...answering('as it is', { 'content-encoding': 'x-mine' }),
    want: { response: { data: 'as it is', headers: { 'content-encoding': 'x-mine' } } },
  },
  {
    name: 'what is not compressed as it says',
    ...answering('not compressed', { 'content-encoding': 'gzip' }),
    want: { error: { code: 'Z_DATA_ERROR', isAxiosError: true, sent: true } },
    except: ['message', 'answer'], // zlib's words; and the head of an answer that came to nothing
  },
  {
    name: 'HEAD of something compressed',
    serve: (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(),
    send: (api, { url }) => api.head(url),
    want: data(''),
    in10: 'fails',
  },
  ...encodings,
  {
    name: 'an encoding that Node does not know',
    ...answering('text', {}, { responseEncoding: 'nonsense' }),
    want: { error: { code: 'ERR_UNKNOWN_ENCODING', message: 'Unknown encoding: nonsense' } },
  },
  {
    name: 'a byte order mark is dropped before JSON',
    ...answering(Buffer.from(`\ufeff${JSON_TEXT}`)),
    want: data({ text: TEXT }),
  },
  {
    name: 'and kept in bytes',
    ...answering(Buffer.from('\ufeffa'), {}, { responseType: 'arraybuffer' }),
    want: data({ bytes: '\xef\xbb\xbfa' }),
  },
  {
    name: 'JSON is parsed whatever its type',
    ...answering('[1]', { 'content-type': 'text/plain' }),
    want: data([1]),
  },
  { name: 'what is no JSON stays text', ...answering('<a>'), want: data('<a>') },
  {
    name: 'responseType text',
    ...answering('{"a":1}', {}, { responseType: 'text' }),
    want: data('{"a":1}'),
  },
  {
    name: 'responseType json',
    ...answering('{"a":1}', {}, { responseType: 'json' }),
    want: data({ a: 1 }),
  },
  {
    name: 'responseType json of no JSON',
    ...answering('<a>', {}, { responseType: 'json', transitional: { silentJSONParsing: false } }),
    want: { error: { code: 'ERR_BAD_RESPONSE', isAxiosError: true } },
    except: ['sent', 'message'],
  },
  {
    name: 'responseType arraybuffer',
    ...answering(Buffer.from([0, 128, 255]), {}, { responseType: 'arraybuffer' }),
    want: data({ bytes: '\0\x80\xff' }),
  },
  {
    name: 'responseType arraybuffer of ASCII',
    ...answering('plain', {}, { responseType: 'arraybuffer' }),
    want: data({ bytes: 'plain' }),
  },
  {
    name: 'responseType arraybuffer of nothing',
    ...answering(undefined, {}, { responseType: 'arraybuffer' }),
    want: data({ bytes: '' }),
  },
  {
    name: 'a large body',
    ...answering(Buffer.alloc(3_000_000, 'ü')),
    want: data('ü'.repeat(1_500_000)),
  },
  {
    name: 'a body of unknown length',
    serve: slowly(),
    send: async (api, { url, server }) => {
      const answer = api.get(`${url}/slow`);
      await once(server.server, 'request');
      await api.get(`${url}/go-on`);
      return answer;
    },
    want: data([1, 2]),
  },
  { name: 'an empty body', ...answering(), want: data('') },
]);

/** Sends the second half when it is told to. */
function slowly() {
  const waiting = [];
  return ({ url }, response) => {
    if (url === '/go-on') {
      waiting.pop().end('2]');
      response.end();
    } else {
      response.write('[1,');
      waiting.push(response);
    }
  };
}
