'use strict';

const { compare } = require('./compare.js');

const asked = (url) => ({ seen: [{ method: 'GET', url }] });

const joining = [
  // baseURL, url, what the server is asked for
  ['/v1', '/orders', '/v1/orders'],
  ['/v1/', 'orders', '/v1/orders'],
  ['/v1/', '/orders/', '/v1/orders/'],
  ['/v1', '', '/v1'],
  ['/v1', '../v2', '/v2'],
  ['', '/orders', '/orders'],
  ['/v1', '/a%20b/ü', '/v1/a%20b/%C3%BC'],
].map(([base, path, url]) => ({
  name: `baseURL ${base} and ${path || 'nothing'} make ${url}`,
  send: (api, server) => api.get(path, { baseURL: server.url + base }),
  want: asked(url),
}));

const params = [
  ['a number and a text', { a: 1, b: 'x y' }, '/?a=1&b=x+y'],
  ['a list', { a: [1, 2] }, '/?a[]=1&a[]=2'],
  ['an object', { a: { b: { c: 1 } } }, '/?a[b][c]=1'],
  ['a date', { at: new Date(0) }, '/?at=1970-01-01T00:00:00.000Z'],
  ['nothing at all', { a: undefined }, '/'],
  ['characters that mean something', { q: 'a&b=c#d?e+f/ü' }, '/?q=a%26b%3Dc%23d%3Fe%2Bf%2F%C3%BC'],
  ['URLSearchParams', new URLSearchParams('a=1&a=2'), '/?a=1&a=2'],
].map(([what, value, url]) => ({
  name: `params: ${what}`,
  send: (api, server) => api.get(server.url, { params: value }),
  // Since 1.8 axios writes brackets as they are to be written.
  want: asked(url.replaceAll('[', '%5B').replaceAll(']', '%5D')),
  in10: asked(url),
}));

compare(__filename, [
  ...joining,
  {
    name: 'an absolute url leaves baseURL alone',
    send: (api, { url }) => api.get(`${url}/orders`, { baseURL: 'http://elsewhere.invalid/v1' }),
    want: asked('/orders'),
  },
  {
    name: 'allowAbsoluteUrls: false joins it all the same',
    send: (api, { url }) =>
      api.get('http://elsewhere.invalid/x', { baseURL: `${url}/v1`, allowAbsoluteUrls: false }),
    want: asked('/v1/http://elsewhere.invalid/x'),
    in10: { error: { isAxiosError: true }, seen: [] },
    except: ['code', 'message', 'sent'], // 1.0 goes there, or tries to: nobody there, or not allowed
  },
  ...params,
  {
    name: 'params go after those of the url',
    send: (api, { url }) => api.get(`${url}/orders?a=1`, { params: { b: 2 } }),
    want: asked('/orders?a=1&b=2'),
    in10: 'fails', // it loses the question mark
  },
  {
    name: 'params replace the fragment',
    send: (api, { url }) => api.get(`${url}/orders#top`, { params: { b: 2 } }),
    want: asked('/orders?b=2'),
  },
  {
    name: 'a fragment stays at home',
    send: (api, { url }) => api.get(`${url}/orders#top`),
    want: { ...asked('/orders'), response: { path: '/orders' } },
  },
  {
    name: 'paramsSerializer.serialize',
    send: (api, { url }) =>
      api.get(url, { params: { a: 1 }, paramsSerializer: { serialize: (all) => `all=${all.a}` } }),
    want: asked('/?all=1'),
    in10: asked('/?a=1'), // it knows no serialize
  },
  {
    name: 'paramsSerializer.indexes',
    send: (api, { url }) => api.get(url, { params: { a: [1, 2] }, paramsSerializer: { indexes: null } }),
    want: asked('/?a=1&a=2'),
  },
  {
    name: 'paramsSerializer.encode',
    send: (api, { url }) =>
      api.get(url, { params: { a: 'b' }, paramsSerializer: { encode: (text) => `${text}${text}` } }),
    want: asked('/?aa=bb'),
  },
  {
    name: 'params that cannot be written are an error',
    send: (api, { url }) => {
      const params = {};
      params.self = params;
      return api.get(url, { params });
    },
    want: { error: { sent: false }, seen: [] },
    except: ['code', 'message', 'isAxiosError', 'config'],
  },
  {
    name: 'a URL object is a url',
    send: (api, { url }) => api.get(new URL('/orders?a=1', url)),
    want: asked('/orders?a=1'),
    in10: 'fails', // it loses the question mark
  },
  {
    name: 'user name and password of the url are basic auth',
    send: (api, { url }) => api.get(url.replace('//', '//us%40er:p%3Aw@')),
    want: { seen: [{ headers: { authorization: `Basic ${btoa('us@er:p:w')}` } }] },
    in10: 'fails', // it does not decode them
  },
  {
    name: 'a url of no known scheme',
    send: (api) => api.get('ftp://elsewhere.invalid/x'),
    want: { error: { code: 'ERR_BAD_REQUEST', message: 'Unsupported protocol ftp:' }, seen: [] },
  },
  {
    name: 'something that is no url',
    send: (api) => api.get('http://exa mple.invalid/'),
    want: { error: { code: 'ERR_INVALID_URL' }, seen: [] },
    except: ['message', 'isAxiosError', 'config'], // Node's own TypeError there
  },
]);
