'use strict';

const { Readable } = require('node:stream');
const { freePort, serveRaw } = require('../../requests/servers.js');
const { compare } = require('./compare.js');

/** The words are each wire's own, the code is what programs test. */
const except = ['message'];
const failing = (code, more) => ({
  error: { code, isAxiosError: true, canceled: false, config: true, ...more },
});

/** A server that says `text` and closes the connection. */
const saying = (text) => async (api) => {
  const server = await serveRaw((socket) => socket.end(text));
  return api.get(server.url, { skipAuthRefresh: true });
};

compare(__filename, [
  {
    name: 'nobody listens',
    send: async (api) => api.get(`http://127.0.0.1:${await freePort()}/`, { skipAuthRefresh: true }),
    want: failing('ECONNREFUSED', { sent: true, answer: undefined }),
    except,
  },
  {
    name: 'nobody of that name',
    send: (api) => api.get('http://nobody.invalid/', { skipAuthRefresh: true }),
    client: { allowInsecure: true },
    want: () => failing(expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/), { sent: true }),
    except,
  },
  {
    name: 'hung up without an answer',
    send: saying(''),
    want: failing('ECONNRESET', { sent: true, answer: undefined }),
    except,
  },
  {
    name: 'reset without an answer',
    send: async (api) => {
      const server = await serveRaw((socket) => socket.resetAndDestroy());
      return api.get(server.url, { skipAuthRefresh: true });
    },
    want: failing('ECONNRESET', { sent: true }),
    except,
  },
  {
    name: 'not HTTP',
    send: saying('SSH-2.0-OpenSSH_9.6\r\n'),
    want: failing('HPE_INVALID_CONSTANT', { sent: true }),
    except,
  },
  {
    name: 'an answer that ends early',
    send: saying('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'),
    want: failing('ERR_BAD_RESPONSE', { message: 'stream has been aborted', sent: true }),
    in10: failing('ERR_BAD_RESPONSE', { sent: true }),
    ours: failing('ECONNRESET', { sent: true }),
  },
  {
    name: 'chunks that end early',
    send: saying('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n'),
    want: failing('ERR_BAD_RESPONSE', { message: 'stream has been aborted', sent: true }),
    in10: failing('ERR_BAD_RESPONSE', { sent: true }),
    ours: failing('ECONNRESET', { sent: true }),
  },
  {
    name: 'a request stream that fails',
    serve: () => {},
    send: (api, { url }) => {
      const data = new Readable({
        read() {
          this.destroy(Object.assign(new Error('the disk is gone'), { code: 'EIO' }));
        },
      });
      return api.post(url, data);
    },
    want: failing('EIO', { message: 'the disk is gone', sent: true }),
  },
  {
    name: 'a request stream that fails with no code',
    serve: () => {},
    send: (api, { url }) => api.post(url, Readable.from(failingParts())),
    want: failing(undefined, { message: 'no more parts' }),
    ours: failing('ERR_BODY_FAILED', { message: 'no more parts' }),
  },
  {
    name: 'a request stream that is destroyed',
    serve: (request) => request.on('data', () => {}),
    send: (api, { url, server }) => {
      const data = new Readable({ read() {} });
      data.push('some');
      server.server.once('request', () => data.destroy());
      return api.post(url, data);
    },
    want: { error: { code: 'ERR_CANCELED', message: 'Request stream has been aborted', canceled: true } },
    except: ['sent'],
  },
  {
    name: 'the error has config, toJSON and the caller in its stack',
    serve: (_request, response) => response.writeHead(400).end('{}'),
    send: async (api, { url }) => {
      const calling = async function theCaller() {
        await api.get(url, { headers: { 'X-Mine': '1' } });
      };
      const error = await calling().catch((reason) => reason);
      const { name, message, code, status } = error.toJSON();
      return {
        json: { name, message, code, status },
        stack: error.stack.split('theCaller').length - 1,
        sent: error.config.headers['X-Mine'],
        url: error.config.url === url,
      };
    },
    want: {
      response: {
        json: { name: 'AxiosError', code: 'ERR_BAD_REQUEST', status: 400 },
        sent: '1',
        url: true,
        stack: 1,
      },
    },
    in10: 'fails', // its stack ends in the event loop
  },
  {
    name: 'what a request transform throws is the caller’s',
    send: (api, { url }) =>
      api.post(url, 'x', {
        transformRequest: () => {
          throw new TypeError('mine');
        },
      }),
    want: { error: { message: 'mine', isAxiosError: false }, seen: [] },
  },
  {
    name: 'what a response transform throws is the caller’s',
    send: (api, { url }) =>
      api.get(url, {
        transformResponse: () => {
          throw new TypeError('mine');
        },
      }),
    want: { error: { message: 'mine', isAxiosError: false } },
  },
]);

async function* failingParts() {
  yield Buffer.from('one');
  throw new Error('no more parts');
}
