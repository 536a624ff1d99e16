'use strict';

// Requests that axios sends, with the tokens of an instance's interceptors.

const axios = require('axios');
const { installAuthRefresh } = require('../../lib/axios.js');
const { closeServers, freePort, serve } = require('../requests/servers.js');
const { useChannels } = require('./listen.js');

const { listen, of } = useChannels();
const installed = [];
afterEach(async () => {
  for (const { uninstall } of installed.splice(0)) uninstall();
  await closeServers();
});

function instance(baseURL, more) {
  const api = axios.create({ baseURL });
  const options = {
    getTokens: () => ({ accessToken: 'first', refreshToken: 'r' }),
    setTokens: () => {},
    refresh: () => ({ accessToken: 'second', refreshToken: 'r2' }),
    ...more,
  };
  installed.push(installAuthRefresh(api, options));
  return api;
}

/** A subscriber that wants headers in each try. */
const addHeaders = ({ headers, attempt }) => {
  Object.assign(headers, { traceparent: `try-${attempt}`, authorization: 'Bearer other' });
};

test('a replay is a try of the same request', async () => {
  const server = await serve((request, response) => {
    if (request.headers.authorization !== 'Bearer second') response.statusCode = 401;
    response.end('ok');
  });
  listen('request');
  listen('try', addHeaders);
  expect((await instance(`${server.url}/v1`).post('/orders?q=1', { item: 7 })).status).toBe(200);
  expect(server.seen.map(({ headers }) => headers.traceparent)).toEqual(['try-1', 'try-2']);
  expect(of('try asyncEnd')).toMatchObject([
    { cause: 'first', status: 401 },
    { cause: 'replay', status: 200 },
  ]);
  expect(of('request asyncEnd')).toMatchObject([
    {
      ...{ via: 'axios', method: 'POST', url: `${server.url}/v1/orders`, status: 200 },
      ...{ outcome: 'answered', attempts: 2, replays: 1 },
    },
  ]);
});

test('a status that is the caller’s error, a failure, and a request that is canceled', async () => {
  const server = await serve((_, response) => {
    response.statusCode = 404;
    response.end();
  });
  listen('request');
  listen('try');
  const api = instance(server.url);
  await api.get('/').catch(() => {});
  await instance(`http://127.0.0.1:${await freePort()}`)
    .get('/')
    .catch(() => {});
  await api.get('/', { signal: AbortSignal.abort() }).catch(() => {});
  expect(of('request asyncEnd')).toMatchObject([
    { outcome: 'answered', status: 404 },
    { outcome: 'failed', errorCode: 'ECONNREFUSED' },
    { outcome: 'aborted', errorCode: 'ABORT_ERR' },
  ]);
  expect(of('try asyncEnd')).toMatchObject([{ status: 404 }, { errorCode: 'ECONNREFUSED' }, {}]);
});

test('the answer of a refresh that fails is not the answer of the request', async () => {
  const server = await serve((request, response) => {
    response.statusCode = request.url === '/token' ? 400 : 401;
    response.end();
  });
  listen('request');
  const refresh = () => axios.post(`${server.url}/token`).then(({ data }) => data);
  const thrown = await instance(server.url, { refresh, isRefreshFailureTerminal: () => false })
    .get('/')
    .catch((error) => error);
  expect(thrown.response.config.url).toBe(`${server.url}/token`);
  expect(of('request asyncEnd')).toMatchObject([
    { outcome: 'failed', status: undefined, errorCode: 'ERR_BAD_REQUEST', attempts: 1 },
  ]);
});

test('a request that a cancel token ends while the server keeps it waiting', async () => {
  const source = axios.CancelToken.source();
  const server = await serve(() => source.cancel('enough'));
  listen('request');
  await instance(server.url)
    .get('/', { cancelToken: source.token })
    .catch(() => {});
  expect(of('request asyncEnd')).toMatchObject([{ outcome: 'aborted', errorCode: 'ABORT_ERR' }]);
});
