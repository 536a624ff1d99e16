'use strict';

const { Readable } = require('node:stream');
const { gzipSync } = require('node:zlib');
const { compare } = require('./compare.js');

const LARGE = Buffer.alloc(700_000, 'x');
const answering = (body, headers) => (_request, response) => response.writeHead(200, headers).end(body);
const chunks = () => Readable.from([Buffer.alloc(600, 'a'), Buffer.alloc(600, 'b')]);

const exceeded = (limit) => ({
  error: {
    code: 'ERR_BAD_RESPONSE',
    message: `maxContentLength size of ${limit} exceeded`,
    isAxiosError: true,
    sent: true,
  },
});
const tooLong = {
  error: {
    code: 'ERR_BAD_REQUEST',
    message: 'Request body larger than maxBodyLength limit',
    isAxiosError: true,
  },
};

const answers = [
  ['a small body', '{"a":1}'],
  ['a large body', LARGE],
  ['bytes', Buffer.from('üü')],
].flatMap(([what, body]) => {
  const size = Buffer.byteLength(body);
  return [
    {
      name: `${what} of as many bytes as maxContentLength`,
      serve: answering(body),
      send: (api, { url }) => api.get(url, { maxContentLength: size }),
      want: { response: { status: 200 } },
    },
    {
      name: `${what} of one more`,
      serve: answering(body),
      send: (api, { url }) => api.get(url, { maxContentLength: size - 1 }),
      want: exceeded(size - 1),
    },
  ];
});

compare(__filename, [
  ...answers,
  {
    name: 'maxContentLength counts what was decoded',
    serve: answering(gzipSync(Buffer.alloc(5000, 'a')), { 'content-encoding': 'gzip' }),
    send: (api, { url }) => api.get(url, { maxContentLength: 4000 }),
    want: exceeded(4000),
  },
  {
    name: 'maxContentLength after a redirect',
    serve: (request, response) =>
      request.url === '/1' ? response.writeHead(302, { location: '/0' }).end() : response.end(LARGE),
    send: (api, { url }) => api.get(`${url}/1`, { maxContentLength: 1000 }),
    want: exceeded(1000),
  },
  {
    name: 'maxContentLength of a stream',
    serve: answering(LARGE),
    send: async (api, { url }) => {
      const { data } = await api.get(url, { maxContentLength: 1000, responseType: 'stream' });
      return { text: await data.toArray() };
    },
    want: exceeded(1000),
    in10: 'fails',
  },
  {
    name: 'maxContentLength 0',
    serve: answering('a'),
    send: (api, { url }) => api.get(url, { maxContentLength: 0 }),
    want: exceeded(0),
  },
  {
    name: 'maxContentLength -1 is none',
    serve: answering(LARGE),
    send: async (api, { url }) => {
      const { data } = await api.get(url, { maxContentLength: -1, responseType: 'arraybuffer' });
      return { size: data.length };
    },
    want: { response: { size: LARGE.length } },
  },
  {
    name: 'a body of as many bytes as maxBodyLength',
    send: (api, { url }) => api.post(url, 'üü', { maxBodyLength: 4 }),
    want: { response: { status: 200 } },
  },
  {
    name: 'a body of one more',
    send: (api, { url }) => api.post(url, 'üü', { maxBodyLength: 3 }),
    want: { ...tooLong, seen: [] },
  },
  {
    name: 'bytes that are too many',
    send: (api, { url }) => api.post(url, Buffer.alloc(5), { maxBodyLength: 4 }),
    want: { ...tooLong, seen: [] },
  },
  {
    name: 'a stream within maxBodyLength',
    send: (api, { url }) => api.post(url, chunks(), { maxBodyLength: 1200 }),
    want: { response: { status: 200 }, seen: [{ body: 'a'.repeat(600) + 'b'.repeat(600) }] },
  },
  {
    name: 'a stream that is too long',
    serve: () => {},
    send: (api, { url }) => api.post(url, chunks(), { maxBodyLength: 1000 }),
    want: tooLong,
    in10: { error: { message: 'Request body larger than maxBodyLength limit', isAxiosError: true } },
    except: ['code', 'sent'], // 1.0 gives that of follow-redirects
  },
  {
    name: 'a long body without a limit',
    serve: (_request, response, body) => response.end(String(body.length)),
    send: (api, { url }) => api.post(url, Buffer.alloc(12_000_000)),
    want: { response: { data: 12_000_000 } },
  },
]);
