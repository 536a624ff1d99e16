'use strict';

// What surrounds a rotation: predicates with bugs, answers that nobody reads, sockets that callbacks leave behind, redirects,
// other instances of the same session, and what is printed.

const { EventEmitter, once } = require('node:events');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const { inspect } = require('node:util');
const axios = require('axios');
const { endChildren, reported, start } = require('../lifecycle/child.js');
const { startCookieServer } = require('./support/cookie-server.js');
const { settled, until } = require('./support/turns.js');
const { deferred, failure, outcomes, refreshAt, storage, useWorld } = require('./support/world.js');
const { OURS } = require('./support/ways.js');

const { serve, install } = useWorld();
const sent = ({ data }) => data.headers.authorization;

/** Also if a test is given up. */
const closing = [];
afterEach(() => closing.splice(0).forEach((close) => close()));
afterEach(endChildren);

test('a storage that never answers does not keep a program running', async () => {
  const child = start([path.join(__dirname, 'support', 'idle-program.js')]);
  expect(await reported(child)).toEqual({});
});

describe.each(OURS)('%s', (_name, way) => {
  const { createTokenRotator, setAuthHeaders } = way.library;

  async function loggedIn(options = {}, more) {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const made = { server, shelf, ...install(way, server, { ...shelf.callbacks, ...options }, more) };
    await settled();
    return made;
  }

  test('B7: a predicate that throws at a RefreshTimeoutError ends neither the session nor the process', async () => {
    const lines = [];
    const gate = deferred();
    const { api, server, told } = await loggedIn({
      refresh: () => gate.promise,
      refreshTimeout: 500,
      isRefreshFailureTerminal: (error) => error.response.status === 401,
      logout: async () => {},
      logger: { debug() {}, error: (...line) => lines.push(line) },
    });
    server.expire();
    expect(await failure(api.get('/api/orders'))).toMatchObject({ name: 'RefreshTimeoutError' });
    expect(lines).toContainEqual(['isRefreshFailureTerminal threw:', expect.any(TypeError)]);
    expect(told).not.toContain('logout');
    gate.reject(new Error('enough'));
  });

  test('a 401 that was to be a stream gives its connection back before the replay', async () => {
    const server = http.createServer((request, response) => {
      response.statusCode = request.headers.authorization === 'Bearer new' ? 200 : 401;
      response.end('x'.repeat(100_000));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${server.address().port}`;
    const shelf = storage({ accessToken: 'old', refreshToken: 'r' });
    const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    closing.push(() => {
      httpAgent.destroy();
      server.closeAllConnections();
      server.close();
    });
    const refresh = async () => ({ accessToken: 'new', refreshToken: 's' });
    const { api } = install(way, { url }, { ...shelf.callbacks, refresh }, { config: { httpAgent } });
    let discarded;
    api.interceptors.response.handlers.unshift({
      rejected: (error) => {
        discarded = error.response.data;
        throw error;
      },
    });
    const { data, status } = await api.get('/', { responseType: 'stream' });
    expect([status, discarded.destroyed]).toEqual([200, true]);
    data.destroy();
  });

  test('a 401 that stays its caller’s can be read', async () => {
    const { api, server } = await loggedIn();
    server.fault({ at: 'api', kind: 'status', status: 401, body: { error: 'for good' }, times: Infinity });
    const { response } = await failure(api.get('/api/orders', { responseType: 'stream' }));
    let text = '';
    for await (const chunk of response.data) text += chunk;
    expect(JSON.parse(text)).toEqual({ error: 'for good' });
  });

  test('a cancelToken says what it was cancelled with, also while its request waits', async () => {
    const gate = deferred();
    const { api, server, told } = await loggedIn({ refresh: () => gate.promise });
    server.expire();
    const source = axios.CancelToken.source();
    const canceled = failure(api.get('/api/orders', { cancelToken: source.token }));
    await until(() => told.includes('refresh'));
    source.cancel('the user has left');
    expect(await canceled).toMatchObject({ name: 'CanceledError', message: 'the user has left' });
    gate.reject(new Error('enough'));
  });

  test('what a callback leaves behind is not inside of the next rotation', async () => {
    const server = await startCookieServer();
    const remote = net.createServer().listen(0, '127.0.0.1');
    await once(remote, 'listening');
    const messages = new EventEmitter();
    const connected = once(remote, 'connection');
    let socket;
    closing.push(() => {
      socket?.destroy();
      remote.close();
      server.close();
    });
    const adapter = way.adapter(server);
    const { api, setAccessToken } = createTokenRotator({
      baseURL: server.url,
      axiosConfig: { ...(adapter && { adapter }) },
      onRefreshSuccess: (data) => data.accessToken,
      onAfterRefresh: () => {
        socket ??= net.connect(remote.address().port).on('data', () => messages.emit('message'));
      },
    });
    setAccessToken((await api.post('/login')).data.accessToken);
    server.expire();
    await api.get('/api/first');
    const [peer] = await connected;
    closing.push(() => peer.destroy());

    const gate = deferred();
    server.hold(gate.promise);
    server.expire();
    const second = api.get('/api/second');
    await until(() => server.asked === 2);
    const heard = deferred();
    messages.once('message', () => heard.resolve([outcomes([api.get('/api/heard')])]));
    peer.write('hello');
    const [answered] = await heard.promise;
    await settled();
    gate.resolve();
    expect([(await second).status, ...(await answered)]).toEqual([200, 200]);
  });

  test('getTokens may ask the instance, also for the first look', async () => {
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const made = install(way, server, {
      ...shelf.callbacks,
      getTokens: async () => {
        await settled();
        await made.api.get('/public/echo');
        return shelf.held;
      },
      refreshTimeout: 60_000,
    });
    expect((await made.api.get('/api/orders')).data.generation).toBe(0);
  });

  test('B10: a logout counts while the first look at the storage is still under way', async () => {
    const server = await serve();
    const tokens = server.login('ada');
    const looked = deferred();
    const { api } = install(way, server, { getTokens: () => looked.promise });
    setAuthHeaders(api, null);
    looked.resolve(tokens);
    expect(sent(await api.get('/public/echo'))).toBe(undefined);
  });

  test('B11: another host’s 401 after a redirect costs no refresh', async () => {
    const other = await serve();
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const { api } = install(way, server, shelf.callbacks, { servers: [server, other] });
    const headers = { location: `${other.url}/api/orders` };
    server.fault({ at: 'api', kind: 'status', status: 302, headers, times: Infinity });
    expect((await failure(api.get('/api/orders'))).response.status).toBe(401);
    expect(server.ledger.counts.tokenRequests).toBe(0);
    expect(other.ledger.counts.apiRequests).toBe(1);
  });

  describe('two instances of one session', () => {
    /** Both have the token among their defaults. */
    async function pair() {
      const server = await serve();
      const shelf = storage(server.login('ada'));
      const [one, other] = [1, 2].map(() => {
        const adapter = way.adapter(server);
        const api = axios.create({ baseURL: server.url, ...(adapter && { adapter }) });
        const { uninstall } = way.library.installAuthRefresh(api, {
          ...shelf.callbacks,
          refresh: refreshAt(server),
          isSessionExpired: ({ status }) => status === 401,
          isRefreshFailureTerminal: (error) => error.response?.status === 400,
        });
        closing.push(uninstall);
        setAuthHeaders(api, shelf.held.accessToken);
        return { api };
      });
      await outcomes([one.api.get('/api/orders'), other.api.get('/api/orders')]);
      return { server, shelf, one, other };
    }

    test('a logout of one is one of both', async () => {
      const { server, shelf, one, other } = await pair();
      shelf.held = null;
      setAuthHeaders(one.api, null);
      expect(sent(await one.api.get('/public/echo'))).toBe(undefined);
      expect(sent(await other.api.get('/public/echo'))).toBe(undefined);
      expect(other.api.defaults.headers.common.Authorization).toBe(undefined);
      shelf.held = server.login('bob');
      setAuthHeaders(one.api, shelf.held.accessToken);
      expect((await other.api.get('/api/orders')).data.subject).toBe('bob');
    });

    test('what one has lost is lost for both', async () => {
      const { server, one, other } = await pair();
      server.revoke();
      await failure(one.api.get('/api/orders'));
      await failure(other.api.get('/api/orders'));
      expect(sent(await other.api.get('/public/echo'))).toBe(undefined);
      expect(server.ledger.counts.tokenRequests).toBe(1);
    });
  });

  test('an error whose headers were taken out shows no token', async () => {
    const { api, shelf } = await loggedIn();
    const error = await failure(api.get('/missing'));
    delete error.config.headers;
    const text = inspect(error.config, { depth: 9, showHidden: true }) + JSON.stringify(error);
    expect(text.includes(shelf.held.accessToken)).toBe(false);
  });
});
