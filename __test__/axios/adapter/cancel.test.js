'use strict';

const { getEventListeners, once } = require('node:events');
const { Readable } = require('node:stream');
const { text } = require('node:stream/consumers');
const { compare } = require('./compare.js');

const canceled = (message = 'canceled') => ({
  error: { code: 'ERR_CANCELED', message, canceled: true, isAxiosError: true, config: true },
});

/** Says that it was asked, and never answers. */
const silent = () => {};

/** Cancels once the server has been asked. */
async function asked(server, cancel) {
  await once(server.server, 'request');
  setImmediate(cancel);
}

compare(__filename, [
  {
    name: 'a signal that was aborted before',
    send: (api, { url }) => api.get(url, { signal: AbortSignal.abort() }),
    want: { ...canceled(), seen: [] },
    in10: { error: { code: 'ERR_CANCELED', canceled: true }, seen: [] },
  },
  {
    name: 'a signal that is aborted on the way',
    serve: silent,
    send: (api, { url, server }) => {
      const controller = new AbortController();
      asked(server, () => controller.abort());
      return api.get(url, { signal: controller.signal });
    },
    want: canceled(),
  },
  {
    name: 'a signal’s reason is not what the caller gets',
    serve: silent,
    send: (api, { url, server }) => {
      const controller = new AbortController();
      asked(server, () => controller.abort(new Error('mine')));
      return api.get(url, { signal: controller.signal });
    },
    want: canceled(),
  },
  {
    name: 'AbortSignal.timeout is a cancellation',
    serve: silent,
    send: (api, { url }) => api.get(url, { signal: AbortSignal.timeout(50) }),
    want: canceled(),
    except: ['seen'], // the time may be up before
  },
  {
    name: 'a cancelToken that was used before',
    send: (api, { url, axios }) => {
      const source = axios.CancelToken.source();
      source.cancel('before');
      return api.get(url, { cancelToken: source.token });
    },
    want: { error: { message: 'before', canceled: true }, seen: [] },
  },
  {
    name: 'a cancelToken on the way',
    serve: silent,
    send: (api, { url, server, axios }) => {
      const source = axios.CancelToken.source();
      asked(server, () => source.cancel('no longer needed'));
      return api.get(url, { cancelToken: source.token });
    },
    want: { error: { code: 'ERR_CANCELED', message: 'no longer needed', canceled: true } },
  },
  {
    name: 'one cancelToken for several requests',
    serve: silent,
    send: async (api, { url, server, axios }) => {
      const source = axios.CancelToken.source();
      let count = 0;
      const arrived = () => {
        count += 1;
        if (count === 3) setImmediate(() => source.cancel('all'));
      };
      server.server.on('request', arrived);
      const all = [1, 2, 3].map((n) => api.get(`${url}/${n}`, { cancelToken: source.token }));
      const ends = await Promise.allSettled(all);
      server.server.off('request', arrived);
      return ends.map(({ reason }) => [reason.message, axios.isCancel(reason)]);
    },
    want: { response: Array(3).fill(['all', true]) },
  },
  {
    name: 'signal and cancelToken together',
    serve: silent,
    send: (api, { url, server, axios }) => {
      const controller = new AbortController();
      asked(server, () => controller.abort());
      return api.get(url, { signal: controller.signal, cancelToken: axios.CancelToken.source().token });
    },
    want: canceled(),
  },
  {
    name: 'nothing is left behind on a signal or a token that were not used',
    send: async (api, { url, axios }) => {
      const { token } = axios.CancelToken.source();
      const { signal } = new AbortController();
      await api.get(url, { signal, cancelToken: token });
      await api.get(`${url}/`, { signal, cancelToken: token });
      return {
        listeners: getEventListeners(signal, 'abort').length,
        subscribed: token._listeners?.length ?? 0,
      };
    },
    want: { response: { listeners: 0, subscribed: 0 } },
  },
  {
    name: 'an upload that is canceled is let go',
    serve: silent,
    send: async (api, { url, server }) => {
      const controller = new AbortController();
      const data = new Readable({ read() {} });
      data.push('some');
      data.on('error', () => {});
      server.server.once('request', () => setImmediate(() => controller.abort()));
      const error = await api.post(url, data, { signal: controller.signal }).catch((reason) => reason);
      return { code: error.code };
    },
    want: { response: { code: 'ERR_CANCELED' } },
  },
  {
    name: 'a stream that is canceled while it is read ends with the cancellation',
    serve: (_request, response) => response.write('begun'),
    send: async (api, { url }) => {
      const controller = new AbortController();
      const { data } = await api.get(url, { responseType: 'stream', signal: controller.signal });
      data.once('data', () => controller.abort());
      return text(data);
    },
    want: canceled(),
    except: ['sent'],
  },
  {
    name: 'a stream that is canceled while nobody reads',
    serve: (_request, response) => response.write('begun'),
    send: async (api, { url }) => {
      const controller = new AbortController();
      const { data } = await api.get(url, { responseType: 'stream', signal: controller.signal });
      const failed = once(data, 'error');
      controller.abort();
      const [error] = await failed;
      return { code: error.code, destroyed: data.destroyed };
    },
    want: { response: { code: 'ERR_CANCELED' } },
  },
  {
    name: 'a stream that is canceled by its token',
    serve: (_request, response) => response.write('begun'),
    send: async (api, { url, axios }) => {
      const source = axios.CancelToken.source();
      const { data } = await api.get(url, { responseType: 'stream', cancelToken: source.token });
      data.once('data', () => source.cancel('enough'));
      return text(data);
    },
    want: { error: { message: 'enough', canceled: true } },
    except: ['sent', 'config'],
  },
]);
