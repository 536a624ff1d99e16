'use strict';

// Requests that undici sends, with a client's tokens.

const { closeServers, freePort, clientFor, serveExpired } = require('../requests/servers.js');
const { ask, useDispatchers } = require('../undici/dispatchers.js');
const { useChannels } = require('./listen.js');

const { through } = useDispatchers();
const { heard, listen, of } = useChannels();
afterEach(closeServers);

test('a replay is a try of the same request', async () => {
  const { client, server } = await serveExpired((_, response) => response.end('ok'));
  listen('request');
  listen('try', ({ headers, attempt }) => {
    Object.assign(headers, { traceparent: `try-${attempt}`, authorization: 'Bearer other' });
  });
  expect((await ask(through(client), `${server.url}/orders?q=1`)).status).toBe(200);
  expect(server.seen.map(({ headers }) => headers.traceparent)).toEqual(['try-1', 'try-2']);
  expect(of('try asyncEnd')).toMatchObject([
    { cause: 'first', status: 401, generation: 1 },
    { cause: 'replay', status: 200, generation: 2 },
  ]);
  const url = `${server.url}/orders`;
  expect(of('request asyncEnd')).toMatchObject([
    { via: 'undici', url, status: 200, outcome: 'answered', attempts: 2, replays: 1 },
  ]);
  expect(heard.at(-1)?.[0]).toBe('request asyncEnd');
});

test('a request that fails', async () => {
  const origin = `http://127.0.0.1:${await freePort()}`;
  listen('request');
  listen('try');
  await ask(through(clientFor(undefined, { baseURL: origin })), origin).catch(() => {});
  expect(of('try asyncEnd')).toMatchObject([{ errorCode: 'ECONNREFUSED' }]);
  expect(of('request error')).toMatchObject([{ outcome: 'failed', errorCode: 'ECONNREFUSED' }]);
});
