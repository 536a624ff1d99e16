'use strict';

// A request with a header of its own has no part in the session, until a server rejects it and the storage turns out to hold its
// token. Only its replay is traced then.

const axios = require('axios');
const { installAuthRefresh } = require('../../lib/axios.js');
const { failure } = require('./support/wiring.js');
const { useChannels } = require('../tracing/listen.js');

const { heard, listen, of } = useChannels();

/** An instance whose server rejects the first sending of each request. `replayed` sees the second one. */
function useInstance(replayed) {
  const stored = { accessToken: null, refreshToken: null };
  let sendings = 0;
  const adapter = async (config) => {
    const response = { status: sendings === 1 ? 401 : 200, data: '', statusText: '', headers: {}, config };
    if (sendings === 1) throw new axios.AxiosError('401', 'X', config, {}, response);
    return response;
  };
  const api = axios.create({ baseURL: 'http://api.invalid', adapter });
  // Before the installation, so that it runs after the installation's own.
  api.interceptors.request.use((config) => {
    sendings += 1;
    if (sendings === 2) replayed(config);
    return config;
  });
  const { uninstall } = installAuthRefresh(api, {
    getTokens: async () => ({ ...stored }),
    setTokens: async () => {},
    refresh: async () => ({ accessToken: 'second', refreshToken: 'r2' }),
  });
  return { api, stored, uninstall };
}

test('an interceptor that throws at such a replay ends the request for the channels', async () => {
  const { api, stored, uninstall } = useInstance(() => {
    throw new Error('a mistake');
  });
  await new Promise(setImmediate);
  Object.assign(stored, { accessToken: 'first', refreshToken: 'r' });
  listen('request');
  const error = await failure(api.get('/', { headers: { Authorization: 'Bearer first' } }));
  expect(error.message).toBe('a mistake');
  expect(heard.map(([event]) => event)).toEqual(['request start', 'request error', 'request asyncEnd']);
  expect(of('request asyncEnd')).toMatchObject([{ outcome: 'failed' }]);
  uninstall();
});
