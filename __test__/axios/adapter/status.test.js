'use strict';

const { compare } = require('./compare.js');

const answering = (status, body = `{"status":${status}}`) => ({
  serve: (_request, response) => response.writeHead(status).end(body),
});

const rejected = (status, code) => ({
  error: {
    code,
    message: `Request failed with status code ${status}`,
    isAxiosError: true,
    answer: { status },
  },
});

const refused = [400, 404, 409, 429].map((status) => ({
  name: `${status} is an error of the request`,
  ...answering(status),
  send: (api, { url }) => api.get(`${url}/orders/1`),
  want: {
    ...rejected(status, 'ERR_BAD_REQUEST'),
    error: { answer: { status, data: { status } }, sent: true },
  },
}));

const failed = [500, 502, 503].map((status) => ({
  name: `${status} is an error of the response`,
  ...answering(status),
  send: (api, { url }) => api.get(url),
  want: rejected(status, 'ERR_BAD_RESPONSE'),
}));

const taken = [200, 201, 202, 206].map((status) => ({
  name: `${status} is an answer`,
  ...answering(status),
  send: (api, { url }) => api.get(url),
  want: { response: { status, data: { status } } },
}));

compare(__filename, [
  ...refused,
  ...failed,
  ...taken,
  {
    name: '204 has no data',
    ...answering(204, undefined),
    send: (api, { url }) => api.delete(url),
    want: { response: { status: 204, data: '' } },
  },
  {
    name: '304 is an error of the response',
    ...answering(304, undefined),
    send: (api, { url }) => api.get(url, { headers: { 'If-None-Match': '"1"' } }),
    want: rejected(304, 'ERR_BAD_RESPONSE'),
    in10: 'fails', // it has no code for this
  },
  {
    name: 'a 401 that stays one after the rotation is judged like any other',
    ...answering(401),
    client: { refresh: () => ({ accessToken: 'another' }) },
    send: (api, { url }) => api.get(url, { headers: { Authorization: 'Bearer mine' } }),
    want: rejected(401, 'ERR_BAD_REQUEST'),
  },
  {
    name: 'validateStatus decides',
    ...answering(404),
    send: (api, { url }) => api.get(url, { validateStatus: (status) => status === 404 }),
    want: { response: { status: 404, data: { status: 404 } } },
  },
  {
    name: 'validateStatus may refuse 200',
    ...answering(200),
    send: (api, { url }) => api.get(url, { validateStatus: () => false }),
    want: rejected(200, 'ERR_BAD_RESPONSE'),
    in10: 'fails', // nor for this
  },
  {
    name: 'without validateStatus everything is an answer',
    ...answering(500),
    send: (api, { url }) => api.get(url, { validateStatus: null }),
    want: { response: { status: 500, data: { status: 500 } } },
  },
  {
    name: 'the reason is the server’s',
    serve: (_request, response) => response.writeHead(200, 'All right').end(),
    send: (api, { url }) => api.get(url),
    want: { response: { status: 200, statusText: 'All right' } },
  },
  {
    name: 'an unknown status is an answer too, if it is wanted',
    ...answering(299),
    send: (api, { url }) => api.get(url),
    want: { response: { status: 299 } },
  },
  {
    name: 'HEAD has headers and no data',
    serve: (_request, response) => response.setHeader('x-total', '7').end('ignored'),
    send: (api, { url }) => api.head(url),
    want: { response: { status: 200, data: '', headers: { 'x-total': '7' } } },
  },
  {
    name: 'the error’s data went through the transforms',
    ...answering(400, '{"why":"no"}'),
    send: (api, { url }) => api.get(url, { transformResponse: [(data) => `<${data}>`] }),
    want: { error: { answer: { data: '<{"why":"no"}>' } } },
  },
]);
