'use strict';

// The addon among a user's own jest tests: nothing it does is an open handle, and jest's module registry may load it
// again and again.

const { tracingChannel } = require('node:diagnostics_channel');
const { once } = require('node:events');
const http = require('node:http');
const path = require('node:path');
const axios = require('axios');
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
    const env = { ...process.env };
    env.LIFECYCLE_SETTINGS = JSON.stringify({
      url: server.url,
      tokenEndpoint: server.tokenEndpoint,
      tokens,
    });
    const jest = require.resolve('jest/bin/jest');
    const args = ['--rootDir', project, '--config', path.join(project, 'jest.config.js'), ...flags];
    return start(
      [jest, ...args, '--ci', '--testTimeout=60000', '--detectOpenHandles', '--testPathPatterns', spec],
      { env },
    ).ended;
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

  test('leaves the text of a source that cannot be read', async () => {
    const grant = { type: 'client_credentials', tokenEndpoint: server.tokenEndpoint, clientId: 'app' };
    const auth = { method: 'client_secret_basic', clientSecret: { env: 'LIFE_NOT_SET' } };
    const { TokenClient } = load();
    const client = new TokenClient({ baseURL: server.url, grant: { ...grant, auth }, maxRetries: 0 });
    load();
    const text = 'grant.auth.clientSecret is in the environment variable LIFE_NOT_SET, which is not set';
    await expect(client.get('/api/orders')).rejects.toThrow(text);
  });

  test('gives copies that share a session', async () => {
    const tokens = server.login();
    const clients = [load(), load()].map((copy) => connect(copy, { share: 'copies', tokens }));
    server.expire();
    const answers = await Promise.all(clients.map((client) => client.get('/api/orders')));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
    expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
  });

  describe('gives copies whose uploads', () => {
    const CHUNK = Buffer.alloc(64 * 1024);
    const CHUNKS = 20;
    let sink;
    beforeEach(async () => {
      // Answers with the number of bytes that came.
      sink = http.createServer((request, response) => {
        let size = 0;
        request.on('data', (chunk) => (size += chunk.length)).on('end', () => response.end(String(size)));
        // Of an upload that fails.
        request.on('error', () => {});
      });
      await once(sink.listen(0, '127.0.0.1'), 'listening');
    });
    afterEach(() => sink.closeAllConnections());
    afterEach(() => new Promise((resolve) => sink.close(resolve)));

    const connected = () => {
      const baseURL = `http://127.0.0.1:${sink.address().port}`;
      return [load(), load()].map((copy) => connect(copy, { baseURL }));
    };

    test('do not take each other for their own', async () => {
      // More than is taken at once: each has to be told to go on.
      const body = async function* () {
        for (let index = 0; index < CHUNKS; index += 1) yield CHUNK;
      };
      const sent = connected().flatMap((client) => Array.from({ length: 4 }, () => client.post('/', body())));
      const answers = await Promise.all(sent);
      const sizes = await Promise.all(answers.map((answer) => answer.json()));
      expect(new Set(sizes)).toEqual(new Set([CHUNKS * CHUNK.length]));
    });

    test('fail with what they threw themselves', async () => {
      const failing = (message) =>
        // eslint-disable-next-line require-yield -- it fails at once
        (async function* () {
          throw new Error(message);
        })();
      const sent = connected().map((client, index) => client.post('/', failing(`of copy ${index}`)));
      const causes = sent.map((request) => request.catch((error) => error.cause?.message));
      expect(await Promise.all(causes)).toEqual(['of copy 0', 'of copy 1']);
    });
  });

  test('leaves all clients, requests and rotations their own numbers in traces', async () => {
    const [clients, requests, rotations] = [new Set(), [], []];
    const request = (message) => {
      clients.add(message.client);
      requests.push(message.id);
    };
    const rotation = (message) => rotations.push(message.id);
    const channels = ['token-rotator:request', 'token-rotator:rotation'].map((name) => tracingChannel(name));
    channels[0].start.subscribe(request);
    channels[1].start.subscribe(rotation);
    try {
      const copies = [load(), load()];
      // Of these, two are made after what their copy has loaded was forgotten.
      const made = [...copies, ...copies].map((copy) => {
        const client = connect(copy);
        jest.resetModules();
        return client;
      });
      server.expire();
      for (const client of made) await client.get('/api/orders');
    } finally {
      channels[0].start.unsubscribe(request);
      channels[1].start.unsubscribe(rotation);
    }
    expect(clients.size).toBe(4);
    for (const ids of [requests, rotations]) {
      expect(ids).toHaveLength(4);
      expect(new Set(ids).size).toBe(4);
    }
  });

  test('leaves a client what its callbacks throw, and axios its rotation', async () => {
    const copy = load();
    const { installAuthRefresh } = require('../../lib/axios.js');
    jest.resetModules();
    const refresh = () => {
      throw new Error('of the program');
    };
    const client = connect(copy, { refresh, maxRetries: 0 });
    const api = axios.create({ baseURL: server.url });
    const { url, tokenEndpoint } = server;
    let stored = server.login();
    const { uninstall } = installAuthRefresh(api, {
      getTokens: async () => stored,
      setTokens: async (tokens) => void (stored = tokens),
      refresh: async (refreshToken) => {
        const answer = await refreshAt(tokenEndpoint)(refreshToken, {});
        return { accessToken: answer.access_token, refreshToken: answer.refresh_token };
      },
    });
    server.expire();
    const error = await client.get('/api/orders').catch((reason) => reason);
    expect(error.cause?.message).toBe('of the program');
    expect((await api.get(`${url}/api/orders`)).status).toBe(200);
    uninstall();
  });

  test('makes no second environment for a client that is there', async () => {
    const copy = load();
    jest.resetModules();
    const client = connect(copy);
    jest.resetModules();
    const body = { item: 7 };
    for (const send of [
      () => client.get('/api/orders', { timeout: 60_000 }),
      () => client.fetch('/api/orders'),
      () => client.post('/api/orders', body, { retry: 1 }),
      () => client.getAccessToken({ validFor: 1 }),
      () => client.session('other').setTokens(server.login()),
    ]) {
      await send();
      const loaded = Object.keys(require.cache).filter((file) => path.basename(file) === 'environment.js');
      expect(loaded).toEqual([]);
    }
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
