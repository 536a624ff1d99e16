'use strict';

const { serve } = require('../../requests/servers.js');
const { compare } = require('./compare.js');

/** `/N` leads to `/N-1`, and `/0` answers with what it was asked. */
const counting = (status) => (request, response, body) => {
  const left = Number(request.url.slice(1));
  if (left > 0) return response.writeHead(status, { location: `/${left - 1}` }).end('on');
  const { method, url } = request;
  response.end(JSON.stringify({ method, url, body: body.toString(), type: request.headers['content-type'] }));
};

const methods = [301, 302, 303, 307, 308].flatMap((status) =>
  ['get', 'head', 'post', 'put', 'delete'].flatMap((method) =>
    // Rust follows the first two, JavaScript the third.
    [{}, { maxRedirects: 5 }, { beforeRedirect: () => {} }].map((options) => ({
      name: `${status} of ${method}, ${Object.keys(options)}`,
      serve: counting(status),
      send: (api, { url }) =>
        api.request({ method, url: `${url}/2`, data: /p/.test(method) ? { a: 1 } : undefined, ...options }),
      want: { response: { status: 200, path: '/0' }, seen: [{ url: '/2' }, { url: '/1' }, { url: '/0' }] },
    })),
  ),
);

/** Leads to what its path says. */
const leading = (request, response) =>
  response.writeHead(307, { location: decodeURIComponent(request.url.slice(1)) }).end();

/** What another origin hears of a request that is led there. */
async function lead(api, server, config) {
  server.other ??= await serve((request, response, body) =>
    response.end(JSON.stringify({ ...request.headers, body: body.toString() })),
  );
  const target = encodeURIComponent(`${server.other.url}/there`);
  const { data } = await api.request({ url: `${server.url}/${target}`, ...config });
  const { authorization, cookie, accept, 'x-own': own, body } = data;
  return { authorization, cookie, accept, own, body };
}

compare(__filename, [
  ...methods,
  {
    name: 'as many as maxRedirects allows',
    serve: counting(302),
    send: (api, { url }) => api.get(`${url}/3`, { maxRedirects: 3 }),
    want: { response: { status: 200, path: '/0', data: { url: '/0' } } },
  },
  {
    name: 'more than maxRedirects allows',
    serve: counting(302),
    send: (api, { url }) => api.get(`${url}/4`, { maxRedirects: 3 }),
    want: {
      error: {
        code: 'ERR_FR_TOO_MANY_REDIRECTS',
        message: 'Maximum number of redirects exceeded',
        sent: true,
      },
    },
  },
  {
    name: 'more than maxRedirects allows, with beforeRedirect',
    serve: counting(302),
    send: (api, { url }) => api.get(`${url}/4`, { maxRedirects: 3, beforeRedirect: () => {} }),
    want: {
      error: {
        code: 'ERR_FR_TOO_MANY_REDIRECTS',
        message: 'Maximum number of redirects exceeded',
        sent: true,
      },
    },
  },
  {
    name: 'more than axios follows unasked',
    serve: counting(302),
    send: (api, { url }) => api.get(`${url}/22`),
    want: { error: { code: 'ERR_FR_TOO_MANY_REDIRECTS', message: 'Maximum number of redirects exceeded' } },
    ours: { error: { code: 'ERR_FR_TOO_MANY_REDIRECTS' }, seen: Array(21).fill({ method: 'GET' }) },
  },
  {
    name: 'maxRedirects 0 is the redirect itself',
    serve: counting(302),
    send: (api, { url }) => api.get(`${url}/1`, { maxRedirects: 0, validateStatus: null }),
    want: { response: { status: 302, headers: { location: '/0' }, data: 'on' }, seen: [{ url: '/1' }] },
  },
  {
    name: 'maxRedirects 0 is an error where 3xx is none',
    serve: counting(302),
    send: (api, { url }) => api.get(`${url}/1`, { maxRedirects: 0 }),
    want: { error: { code: 'ERR_BAD_RESPONSE', answer: { status: 302 } } },
    in10: 'fails',
  },
  {
    name: 'a 3xx without a location is an answer',
    serve: (_request, response) => response.writeHead(302).end(),
    send: (api, { url }) => api.get(url, { validateStatus: null }),
    want: { response: { status: 302 } },
  },
  {
    name: 'the answer of the last one is what is judged',
    serve: (request, response) =>
      request.url === '/1'
        ? response.writeHead(302, { location: '/0' }).end()
        : response.writeHead(404).end(),
    send: (api, { url }) => api.get(`${url}/1`),
    want: { error: { code: 'ERR_BAD_REQUEST', answer: { status: 404, path: '/0' } } },
  },
  {
    name: 'responseUrl is where it ended',
    serve: counting(302),
    send: async (api, { url }) => {
      const { request } = await api.get(`${url}/2`);
      return { at: request.res.responseUrl.slice(url.length), path: request.path, host: request.host };
    },
    want: { response: { at: '/0', path: '/0', host: '127.0.0.1' } },
  },
  {
    name: 'beforeRedirect hears of each',
    serve: counting(302),
    send: async (api, { url }) => {
      const heard = [];
      await api.get(`${url}/2`, {
        beforeRedirect: (options, { headers, statusCode }, from) =>
          heard.push([
            ...[
              options.path,
              options.method,
              options.hostname,
              options.headers['X-Own'] ?? options.headers['x-own'],
            ],
            ...[headers.location, statusCode, from?.url.slice(url.length), from?.method],
          ]),
        headers: { 'X-Own': '1' },
      });
      return heard;
    },
    want: {
      response: [
        ['/1', 'GET', '127.0.0.1', '1', '/1', 302, '/2', 'GET'],
        ['/0', 'GET', '127.0.0.1', '1', '/0', 302, '/1', 'GET'],
      ],
    },
    in10: 'fails', // it is not told where from
  },
  {
    name: 'beforeRedirect may change headers',
    serve: (request, response) =>
      request.url === '/1'
        ? response.writeHead(302, { location: '/0' }).end()
        : response.end(JSON.stringify([request.headers['x-new'], request.headers['x-old']])),
    send: (api, { url }) =>
      api.get(`${url}/1`, {
        headers: { 'X-Old': '1' },
        beforeRedirect: ({ headers }) => {
          headers['x-new'] = '2';
          for (const name of Object.keys(headers)) if (/x-old/i.test(name)) delete headers[name];
        },
      }),
    want: { response: { data: ['2', null] } },
  },
  {
    name: 'beforeRedirect may end it',
    serve: counting(302),
    send: (api, { url }) =>
      api.get(`${url}/1`, {
        beforeRedirect: () => {
          throw new Error('not there');
        },
      }),
    want: {
      error: { code: 'ERR_FR_REDIRECTION_FAILURE', message: 'Redirected request failed: not there' },
      seen: [{ url: '/1' }],
    },
  },
  {
    name: 'to something that is no http URL',
    serve: (_request, response) => response.writeHead(302, { location: 'ftp://elsewhere.invalid/' }).end(),
    send: (api, { url }) => api.get(url),
    want: { error: { code: 'ERR_FR_REDIRECTION_FAILURE', isAxiosError: true, sent: true } },
    except: ['message'],
  },
  {
    name: 'to something that is no http URL, with beforeRedirect',
    serve: (_request, response) => response.writeHead(302, { location: 'ftp://elsewhere.invalid/' }).end(),
    send: (api, { url }) => api.get(url, { beforeRedirect: () => {} }),
    want: { error: { code: 'ERR_FR_REDIRECTION_FAILURE', isAxiosError: true, sent: true } },
    except: ['message'],
  },
  {
    name: 'auth goes along within the origin',
    serve: (request, response) =>
      request.url === '/1'
        ? response.writeHead(302, { location: '/0' }).end()
        : response.end(JSON.stringify(request.headers.authorization ?? null)),
    send: (api, { url }) => api.get(`${url}/1`, { auth: { username: 'u', password: 'p' } }),
    want: { response: { data: `Basic ${btoa('u:p')}` } },
    in10: 'fails', // its auth is gone
  },
  ...[{}, { maxRedirects: 5 }, { beforeRedirect: () => {} }].flatMap((options) => [
    {
      name: `credentials do not leave the origin, ${Object.keys(options)}`,
      serve: leading,
      send: (api, { server }) =>
        lead(api, server, { ...options, headers: { Authorization: 'Bearer mine', Cookie: 'a=1' } }),
      want: { response: { authorization: undefined, cookie: undefined, body: '' } },
    },
    {
      name: `nor does the session’s token, ${Object.keys(options)}`,
      serve: leading,
      send: (api, { server }) => lead(api, server, options),
      want: { response: { authorization: undefined } },
    },
    {
      name: `nor do other headers, ${Object.keys(options)}`,
      serve: leading,
      send: (api, { server }) => lead(api, server, { ...options, headers: { 'X-Own': '1' } }),
      want: { response: { own: '1' } },
      ours: { response: { own: undefined, accept: 'application/json, text/plain, */*' } },
    },
    {
      name: `a body does, if the status says so, ${Object.keys(options)}`,
      serve: leading,
      send: (api, { server }) => lead(api, server, { ...options, method: 'post', data: 'text' }),
      want: { response: { body: 'text' } },
    },
  ]),
]);
