'use strict';

// Where the platform's functions are not what they were, a call fails and what comes behind it is delivered all the same.

const { startAuthServer } = require('../../lib/testing.js');
const { endChildren, program, reported } = require('./child.js');

jest.setTimeout(120_000);

let server;
beforeEach(async () => (server = await startAuthServer()));
afterEach(async () => {
  await endChildren();
  await server.close();
});

test.each([
  ['no setImmediate', { first: 'ERR_INVALID_OPTION', uncaught: [] }],
  ['no AbortController', { first: 'ERR_REFRESH_FAILED', uncaught: ['AbortController is not defined'] }],
  ['an emitWarning that throws', { first: 'ERR_REFRESH_FAILED', uncaught: ['no'] }],
])('%s', async (does, facts) => {
  const { url, tokenEndpoint } = server;
  const tokens = server.login();
  server.expire();
  const child = program('replaced', { does, url, tokenEndpoint, tokens });
  expect(await reported(child)).toEqual({ then: 401, ...facts });
});
