'use strict';

const { compare } = require('./compare.js');

const sent = (headers) => ({ seen: [{ headers }] });
const answering = (headers) => ({
  serve: (_request, response) => response.writeHead(200, headers).end('{}'),
  send: (api, { url }) => api.get(url),
});

compare(__filename, [
  {
    name: 'what axios sends with everything',
    send: (api, { url }) => api.get(url),
    want: () =>
      sent({ accept: 'application/json, text/plain, */*', 'user-agent': expect.stringMatching(/^axios\/1/) }),
  },
  {
    name: 'those of the request win over those of the instance',
    send: (api, { url }) => {
      api.defaults.headers.common['X-Common'] = 'c';
      api.defaults.headers.get['X-Get'] = 'g';
      api.defaults.headers.post['X-Post'] = 'p';
      return api.get(url, { headers: { 'X-Own': 'o', 'X-Common': 'mine' } });
    },
    want: sent({ 'x-get': 'g', 'x-own': 'o', 'x-common': 'mine' }),
  },
  {
    name: 'those of the request also if the instance spells them otherwise',
    send: (api, { url }) => {
      api.defaults.headers.common['X-COMMON'] = 'c';
      return api.post(url, '{}', { headers: { 'content-type': 'application/json', 'x-common': 'mine' } });
    },
    want: sent({ 'content-type': 'application/json', 'x-common': 'mine' }),
  },
  {
    name: 'an interceptor’s',
    send: (api, { url }) => {
      api.interceptors.request.use((config) => {
        config.headers['X-Late'] = 'l';
        return config;
      });
      return api.get(url);
    },
    want: sent({ 'x-late': 'l' }),
  },
  {
    name: 'null and false are not sent',
    send: (api, { url }) => api.get(url, { headers: { 'X-A': null, 'X-B': false, 'X-C': 0, 'X-D': '' } }),
    want: sent({ 'x-c': '0', 'x-d': '' }),
  },
  {
    name: 'a user-agent of one’s own',
    send: (api, { url }) => api.get(url, { headers: { 'User-Agent': 'mine/1' } }),
    want: sent({ 'user-agent': 'mine/1' }),
  },
  {
    name: 'a host of one’s own',
    serve: (request, response) => response.end(request.headers.host),
    send: (api, { url }) => api.get(url, { headers: { Host: 'tenant.example' } }),
    want: { response: { data: 'tenant.example' } },
  },
  {
    name: 'an accept-encoding of one’s own',
    serve: (request, response) => response.end(request.headers['accept-encoding']),
    send: (api, { url }) => api.get(url, { headers: { 'Accept-Encoding': 'identity' } }),
    want: { response: { data: 'identity' } },
  },
  {
    name: 'several values of one name',
    serve: (request, response) => response.end(request.headers['x-many']),
    send: (api, { url }) => api.get(url, { headers: { 'X-Many': ['1', '2'] } }),
    want: () => ({ response: { data: expect.stringMatching(/^1, ?2$/) } }),
  },
  {
    name: 'line breaks and what is not Latin-1 are dropped, blanks around too',
    send: (api, { url }) => api.get(url, { headers: { 'X-Odd': '\ta\r\nX-Injected: b\u20ac\u00e9 ' } }),
    want: sent({ 'x-odd': 'aX-Injected: b\u00e9' }),
    in10: 'fails', // Node refuses it
  },
  {
    name: 'Latin-1 is Latin-1 on the way',
    send: (api, { url }) => api.get(url, { headers: { 'X-Name': 'J\u00fcrgen' } }),
    want: sent({ 'x-name': 'J\u00fcrgen' }),
  },
  {
    name: 'a name that is none is refused',
    send: (api, { url }) => api.get(url, { headers: { 'bad name': '1' } }),
    want: { error: { sent: false }, seen: [] },
    except: ['code', 'message', 'isAxiosError', 'config'], // Node's own TypeError there
  },
  {
    name: 'a connection’s own are no trouble',
    send: (api, { url }) =>
      api.post(url, 'text', { headers: { Connection: 'keep-alive', 'Content-Length': '4' } }),
    want: { seen: [{ method: 'POST', body: 'text' }] },
  },
  {
    name: 'auth is basic auth, and replaces an Authorization header',
    send: (api, { url }) =>
      api.get(url, { auth: { username: 'ü', password: 'p:w' }, headers: { Authorization: 'Bearer mine' } }),
    want: sent({ authorization: `Basic ${Buffer.from('ü:p:w').toString('base64')}` }),
  },
  {
    name: 'auth without a password',
    send: (api, { url }) => api.get(url, { auth: { username: 'u' } }),
    want: sent({ authorization: `Basic ${btoa('u:')}` }),
  },
  {
    name: 'an Authorization header of one’s own',
    send: (api, { url }) => api.get(url, { headers: { Authorization: 'Bearer mine' } }),
    want: sent({ authorization: 'Bearer mine' }),
  },
  {
    name: 'those of the answer',
    ...answering({ 'X-One': '1', ETag: '"e"', 'content-type': 'application/json; charset=utf-8' }),
    want: {
      response: { headers: { 'x-one': '1', etag: '"e"', 'content-type': 'application/json; charset=utf-8' } },
    },
  },
  {
    name: 'cookies are a list',
    ...answering({ 'Set-Cookie': ['a=1; Path=/', 'b=2'] }),
    want: { response: { headers: { 'set-cookie': ['a=1; Path=/', 'b=2'] } } },
    in10: { response: { headers: { 'set-cookie': 'a=1; Path=/,b=2' } } }, // its normalize makes text of them
  },
  {
    name: 'one cookie is a list too',
    ...answering({ 'Set-Cookie': 'a=1' }),
    want: { response: { headers: { 'set-cookie': ['a=1'] } } },
    in10: { response: { headers: { 'set-cookie': 'a=1' } } },
  },
  {
    name: 'of those that come twice, Node keeps the first or joins them',
    ...answering([
      ...['X-Two', '1', 'X-Two', '2', 'ETag', '"1"', 'ETag', '"2"'],
      ...['Vary', 'a', 'Vary', 'b', 'Retry-After', '1', 'Retry-After', '2'],
    ]),
    want: { response: { headers: { 'x-two': '1, 2', etag: '"1"', vary: 'a, b', 'retry-after': '1' } } },
  },
  {
    name: 'names that every object has',
    ...answering({ constructor: 'c', 'to-string': 't', 'x-y': 'z' }),
    want: { response: { headers: { 'to-string': 't', 'x-y': 'z' } } },
    in10: { error: { answer: undefined } }, // its AxiosHeaders cannot hold them
    except: ['code', 'message', 'isAxiosError', 'config', 'sent'],
  },
  {
    name: 'headers.get of the answer',
    serve: (_request, response) => response.writeHead(200, { 'X-One': '1' }).end(),
    send: async (api, { url }) => {
      const { headers } = await api.get(url);
      return { get: headers.get('X-ONE'), has: headers.has('x-two'), plain: headers['x-one'] };
    },
    want: { response: { get: '1', has: false, plain: '1' } },
  },
  {
    name: 'response transforms see headers and status',
    ...answering({ 'X-One': '1' }),
    send: (api, { url }) =>
      api.get(url, { transformResponse: (data, headers, status) => [data, headers.get('x-one'), status] }),
    want: { response: { data: ['{}', '1', 200] } },
  },
]);
