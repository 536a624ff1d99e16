'use strict';

const { once } = require('node:events');
const { Readable, pipeline, Writable } = require('node:stream');
const { text } = require('node:stream/consumers');
const { compare } = require('./compare.js');

const streamed = (config) => ({ responseType: 'stream', ...config });
const LARGE = Buffer.alloc(3_000_000, 'abcdefg ');

compare(__filename, [
  {
    name: 'a small body',
    send: (api, { url }) => api.get(url, streamed()),
    serve: (_request, response) => response.end('small'),
    want: { response: { status: 200, data: { stream: 'small' } } },
  },
  {
    name: 'an empty body',
    serve: (_request, response) => response.end(),
    send: (api, { url }) => api.get(url, streamed()),
    want: { response: { data: { stream: '' } } },
  },
  {
    name: 'a large body',
    serve: (_request, response) => response.end(LARGE),
    send: async (api, { url }) => {
      const { data } = await api.get(url, streamed());
      return { same: (await text(data)) === LARGE.toString() };
    },
    want: { response: { same: true } },
  },
  {
    name: 'chunks are Buffers',
    serve: (_request, response) => response.end(LARGE),
    send: async (api, { url }) => {
      const { data } = await api.get(url, streamed());
      const kinds = new Set();
      for await (const chunk of data) kinds.add(Buffer.isBuffer(chunk));
      return { kinds: [...kinds], readable: data instanceof Readable };
    },
    want: { response: { kinds: [true], readable: true } },
  },
  {
    name: 'setEncoding makes text of them',
    serve: (_request, response) => response.end('grüße'),
    send: async (api, { url }) => {
      const { data } = await api.get(url, streamed());
      return { text: (await data.setEncoding('utf8').toArray()).join('') };
    },
    want: { response: { text: 'grüße' } },
  },
  {
    name: 'the answer is there before its body has ended',
    serve: (_request, response) => response.write('first'),
    send: async (api, { url }) => {
      const { data, status } = await api.get(url, streamed());
      const [chunk] = await once(data, 'data');
      data.destroy();
      return { status, chunk: chunk.toString() };
    },
    want: { response: { status: 200, chunk: 'first' } },
  },
  {
    name: 'a pipeline',
    serve: (_request, response) => response.end(LARGE),
    send: async (api, { url }) => {
      const { data } = await api.get(url, streamed());
      let size = 0;
      const sink = new Writable({
        write: (chunk, _encoding, done) => done(null, void (size += chunk.length)),
      });
      await new Promise((resolve, reject) =>
        pipeline(data, sink, (error) => (error ? reject(error) : resolve())),
      );
      return { size };
    },
    want: { response: { size: LARGE.length } },
  },
  {
    name: 'a status that is refused, with its body to read',
    serve: (_request, response) => response.writeHead(404).end('why'),
    send: (api, { url }) => api.get(url, streamed()),
    want: { error: { code: 'ERR_BAD_REQUEST', answer: { status: 404, data: { stream: 'why' } } } },
  },
  {
    name: 'a stream that is destroyed closes its connection',
    serve: (_request, response) => response.write(LARGE),
    send: async (api, { url, server }) => {
      const { data } = await api.get(url, streamed());
      const [socket] = server.sockets;
      const closed = new Promise((resolve) => socket.once('close', resolve));
      data.destroy();
      await closed;
      return { destroyed: data.destroyed };
    },
    want: { response: { destroyed: true } },
  },
  {
    name: 'a body that ends early is an error of the stream',
    serve: (_request, response) => {
      response.writeHead(200, { 'content-length': LARGE.length });
      response.write(LARGE.subarray(0, 500_000), () => response.destroy());
    },
    send: async (api, { url }) => {
      const { data } = await api.get(url, streamed());
      return text(data);
    },
    want: { error: { code: 'ECONNRESET' } },
    except: ['message', 'isAxiosError', 'config', 'sent'], // Node's own error there
  },
  {
    name: 'an error that nobody listens for ends no program',
    serve: (_request, response) => {
      response.writeHead(200, { 'content-length': LARGE.length });
      response.write(LARGE.subarray(0, 500_000), () => response.destroy());
    },
    send: async (api, { url }) => {
      const { data } = await api.get(url, streamed());
      data.resume();
      await new Promise((resolve) => data.once('close', resolve));
      return { destroyed: data.destroyed };
    },
    want: { response: { destroyed: true } },
  },
  {
    name: 'from one server to the next',
    serve: (request, response, body) => response.end(request.url === '/from' ? LARGE : String(body.length)),
    send: async (api, { url }) => {
      const { data } = await api.get(`${url}/from`, streamed());
      return api.post(`${url}/to`, data);
    },
    want: { response: { data: LARGE.length } },
  },
]);
