'use strict';

// The addon among a user's own jest tests: nothing it does is an open handle, and jest's module registry may load it
// again and again.

const path = require('node:path');
const { startAuthServer } = require('../../lib/testing.js');
const { refreshAt } = require('../support/refresh.js');
const { endChildren, start } = require('./child.js');

jest.setTimeout(120_000);

let server;
beforeEach(async () => (server = await startAuthServer()));
afterEach(async () => {
  await endChildren();
  await server.close();
});

describe('jest --detectOpenHandles', () => {
  const project = path.join(__dirname, 'programs', 'jest-project');

  /** In a process of its own; `--forceExit` because an open handle would keep it running. */
  function inspected(spec, ...flags) {
    const tokens = server.login();
    server.expire();
    const { NAPI_RS_NATIVE_LIBRARY_PATH: native, ...env } = process.env;
    // jest's own resolver reads that variable too, and would load this addon instead of its own.
    env.LIFECYCLE_SETTINGS = JSON.stringify({
      url: server.url,
      tokenEndpoint: server.tokenEndpoint,
      tokens,
      native,
    });
    const jest = require.resolve('jest/bin/jest');
    const args = ['--rootDir', project, '--config', path.join(project, 'jest.config.js'), ...flags];
    return start([jest, ...args, '--ci', '--detectOpenHandles', '--testPathPatterns', spec], { env }).ended;
  }

  test('reports nothing, and jest ends by itself', async () => {
    const { code, signal, stderr } = await inspected('client.spec');
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(stderr).toMatch('Tests:       1 passed, 1 total');
    expect(stderr).not.toMatch(/open handle|did not exit/i);
  });

  test('would report what is left open', async () => {
    const { stderr } = await inspected('leak.spec', '--forceExit');
    expect(stderr).toMatch('Jest has detected the following 1 open handle');
  });
});

describe('jest.resetModules', () => {
  const load = () => {
    jest.resetModules();
    return require('../../index.js');
  };

  function connect({ TokenClient }, options) {
    const { url: baseURL, tokenEndpoint } = server;
    return new TokenClient({
      baseURL,
      tokens: server.login(),
      refresh: refreshAt(tokenEndpoint),
      ...options,
    });
  }

  test('gives copies that work side by side', async () => {
    const copies = [load(), load()];
    expect(copies[0].TokenClient).not.toBe(copies[1].TokenClient);
    const clients = copies.map((copy) => connect(copy));
    server.expire();
    const answers = await Promise.all(clients.map((client) => client.get('/api/orders')));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
  });

  test('gives copies that share a session', async () => {
    const tokens = server.login();
    const clients = [load(), load()].map((copy) => connect(copy, { share: 'copies', tokens }));
    server.expire();
    const answers = await Promise.all(clients.map((client) => client.get('/api/orders')));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
    expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
  });

  test("an error of one copy is an instance of the other's classes", async () => {
    const copies = [load(), load()];
    const refresh = () => {
      throw new Error('no');
    };
    server.expire();
    for (const [thrower, judge] of [copies, copies.toReversed()]) {
      const client = connect(thrower, { refresh, tokens: undefined });
      const error = await client.get('/api/orders').catch((reason) => reason);
      expect(error).toBeInstanceOf(judge.RefreshError);
      expect(error).toBeInstanceOf(judge.TokenRotatorError);
      expect(error).not.toBeInstanceOf(judge.StoreError);
    }
  });
});
