'use strict';

// A source that fails when it is used: the refresh fails with an error that names the option, and nothing is sent.

const { inspect } = require('node:util');
const { RefreshError, TokenClient } = require('../../index.js');
const { startChild } = require('./support/child.js');

const SECRET = 's3cr3t-marker';

let server;
let client;

beforeEach(async () => {
  server = await startChild('authority', { clients: { app: { secret: SECRET } } });
});

afterEach(async () => {
  await client.close();
  await server.stop();
});

function connect(clientSecret, options) {
  const { url: baseURL, tokenEndpoint } = server;
  const auth = { method: 'client_secret_basic', clientSecret };
  const grant = { type: 'client_credentials', tokenEndpoint, clientId: 'app', auth };
  client = new TokenClient({ baseURL, grant, maxRetries: 0, ...options });
  return client;
}

/** The error of a rotation that sent nothing. */
async function failure(clientSecret, options) {
  const error = await connect(clientSecret, options)
    .rotate()
    .catch((thrown) => thrown);
  expect(error).toBeInstanceOf(RefreshError);
  expect(error).toMatchObject({ code: 'ERR_REFRESH_FAILED', sessionLost: false, session: 'default' });
  expect(error.message).toContain('grant.auth.clientSecret');
  expect((await server.ask()).forms).toEqual([]);
  return error;
}

test('it throws: the cause is what it threw', async () => {
  const thrown = new Error(`no ${SECRET}`);
  const error = await failure(() => Promise.reject(thrown));
  expect(error.cause).toBe(thrown);
  expect(error.message).not.toContain(SECRET);
});

test('it throws a Proxy that nothing may touch', async () => {
  const trap = () => {
    throw new Error(`no ${SECRET}`);
  };
  const hostile = new Proxy({}, { get: trap, getPrototypeOf: trap });
  const error = await failure(() => Promise.reject(hostile), { refreshTimeout: 500 });
  // Compared here, because a matcher would print it.
  expect(error.cause === hostile).toBe(true);
});

test('it gives something else', async () => {
  const error = await failure(async () => ({ SECRET }));
  expect(error.message).toContain('must be a string');
  expect(inspect(error)).not.toContain(SECRET);
});

test('it never answers: the refresh does not wait for longer than refreshTimeout', async () => {
  const error = await failure(() => new Promise(() => {}), { refreshTimeout: 50 });
  expect(error.message).toContain('refreshTimeout');
});

test('it waits for the client that it serves', async () => {
  const error = await failure(() => client.getAccessToken());
  expect(error.cause).toMatchObject({ code: 'ERR_REENTRANT_CALL' });
});

test('its variable is not set', async () => {
  const error = await failure({ env: 'TOKEN_ROTATOR_ABSENT' });
  expect(error.message).toContain('TOKEN_ROTATOR_ABSENT, which is not set');
});

test('its file is not there', async () => {
  const error = await connect({ file: '/nowhere/secret' })
    .rotate()
    .catch((thrown) => thrown);
  expect(error).toBeInstanceOf(RefreshError);
  expect(error.message).toContain('/nowhere/secret');
  expect((await server.ask()).forms).toEqual([]);
});

test('it is tried again, as every refresh that spent nothing', async () => {
  const give = jest.fn().mockRejectedValueOnce(new Error('not now')).mockResolvedValue(SECRET);
  const { accessToken } = await connect(give, { maxRetries: 1 }).rotate();
  expect(accessToken).toMatch(/^tok/);
  expect(give).toHaveBeenCalledTimes(2);
});
