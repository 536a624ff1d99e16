'use strict';

const { refreshAt } = require('../../../support/refresh.js');

const { url, tokenEndpoint, tokens } = JSON.parse(process.env.LIFECYCLE_SETTINGS);

test('requests, a rotation, an abort and a failed refresh, with clients that nobody closes', async () => {
  const { TokenClient } = require('../../../../index.js');
  const client = new TokenClient({
    baseURL: url,
    tokens,
    refresh: refreshAt(tokenEndpoint),
    refreshAhead: 0,
  });
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.get('/api/orders')));
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
  expect(client.stats().rotations).toBe(1);

  await expect(client.get('/api/orders', { signal: AbortSignal.abort() })).rejects.toThrow('abort');

  const refresh = async () => {
    throw new Error('no');
  };
  const failing = new TokenClient({ baseURL: url, refresh });
  await expect(failing.get('/api/orders')).rejects.toMatchObject({ code: 'ERR_REFRESH_FAILED' });
});
