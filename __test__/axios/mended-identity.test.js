'use strict';

// Bugs of token-refresh about whose token goes where: B9 to B11, B13.

const { PassThrough, Readable } = require('node:stream');
const axios = require('axios');
const FormStream = require('form-data');
const { mended } = require('./support/mended.js');
const { settled, until } = require('./support/turns.js');
const { deferred, failure, outcomes, refreshAt, storage, useWorld } = require('./support/world.js');
const { OURS } = require('./support/ways.js');

const { serve, install, forgive } = useWorld();
const mends = (name, scenario) => mended(name, scenario, forgive);

const sent = ({ data }) => data.headers.authorization;
const marked = (id) => ({ headers: { 'x-request-id': id } });

/** Requests that reached the server with a token of somebody else than they were made for. */
function strangers({ ledger }) {
  return ledger.requests.filter(({ requestId, subject }) => requestId && subject && subject !== requestId);
}

async function loggedIn(way, options = {}, more) {
  const server = await serve();
  const tokens = server.login('ada');
  const shelf = storage(tokens);
  const installed = install(way, server, { ...shelf.callbacks, ...options }, more);
  await settled();
  return { server, tokens, shelf, ...installed };
}

/** As programs do it that know token-refresh. */
function logIn(way, { api, shelf }, tokens) {
  shelf.held = tokens;
  way.library.setAuthHeaders(api, tokens && tokens.accessToken);
}

mends('B9: after another login no request carries the token of the one before', async (way) => {
  const world = await loggedIn(way);
  const { api, server } = world;
  await api.get('/api/orders', marked('ada'));
  logIn(way, world, server.login('bob'));
  await api.get('/api/orders', marked('bob'));
  server.expire('bob');
  expect((await api.get('/api/orders', marked('bob'))).data.subject).toBe('bob');
  expect(strangers(server)).toEqual([]);
});

mends('B9: a request of the login before is not sent again with the token of the next', async (way) => {
  const world = await loggedIn(way);
  const { api, server } = world;
  server.fault({ at: 'api', kind: 'hang' });
  const late = failure(api.get('/api/orders', marked('ada')));
  await server.waitFor(({ hanging }) => hanging === 1);
  server.expire('ada');
  logIn(way, world, server.login('bob'));
  await api.get('/api/orders', marked('bob'));
  server.expire('bob');
  await api.get('/api/orders', marked('bob'));
  server.release();
  expect((await late).response.status).toBe(401);
  expect(strangers(server)).toEqual([]);
});

describe.each(OURS)('B9: %s', (_name, way) => {
  test.each(['bob', null])(
    'a request that waits for a refresh is not sent after a login of %p',
    async (next) => {
      const gate = deferred();
      const made = await loggedIn(way, { refresh: () => gate.promise });
      const { api, server, told } = made;
      server.expire();
      const first = failure(api.get('/api/orders', marked('ada')));
      await until(() => told.includes('refresh'));
      const waiting = failure(api.get('/api/orders', marked('ada')));
      await settled();
      logIn(way, made, next && server.login(next));
      gate.resolve({ accessToken: 'late', refreshToken: 'late' });
      expect((await first).response.status).toBe(401);
      expect(await waiting).toMatchObject({ code: 'ERR_SESSION_LOST', reason: 'logged_out' });
      expect(server.ledger.counts.apiRequests).toBe(1);
    },
  );
});

mends('B9: a login that only edits the default header is one as well', async (way) => {
  const world = await loggedIn(way);
  const { api, server, shelf } = world;
  await api.get('/api/orders', marked('ada'));
  const bob = server.login('bob');
  shelf.held = bob;
  api.defaults.headers.common.Authorization = `Bearer ${bob.accessToken}`;
  await api.get('/api/orders', marked('bob'));
  server.expire('bob');
  expect((await api.get('/api/orders', marked('bob'))).data.subject).toBe('bob');
  expect(strangers(server)).toEqual([]);
});

mends('B10: after a logout no request carries the token', async (way) => {
  const world = await loggedIn(way);
  await world.api.get('/api/orders');
  logIn(way, world, null);
  expect(sent(await world.api.get('/public/echo'))).toBe(undefined);
});

mends('B10: a logout before the first request counts too', async (way) => {
  const world = await loggedIn(way);
  logIn(way, world, null);
  expect(sent(await world.api.get('/public/echo'))).toBe(undefined);
});

mends('B10: a logout is not undone by a refresh that was under way', async (way) => {
  const gate = deferred();
  const made = {};
  const refresh = async (refreshToken) => {
    const tokens = await refreshAt(made.server)(refreshToken);
    await gate.promise;
    return tokens;
  };
  Object.assign(made, await loggedIn(way, { refresh }));
  const { api, server, shelf } = made;
  server.expire();
  const waiting = outcomes([api.get('/api/orders')]);
  await server.waitFor(({ counts }) => counts.refreshes === 1);
  logIn(way, made, null);
  gate.resolve();
  const [outcome] = await waiting;
  expect(outcome.response.status).toBe(401);
  await settled();
  expect(shelf.held).toBe(null);
  expect(api.defaults.headers.common.Authorization).toBe(undefined);
  expect(sent(await api.get('/public/echo'))).toBe(undefined);
});

mends('B10: a login during a refresh stays', async (way) => {
  const gate = deferred();
  const made = {};
  const refresh = async (refreshToken) => {
    const tokens = await refreshAt(made.server)(refreshToken);
    await gate.promise;
    return tokens;
  };
  Object.assign(made, await loggedIn(way, { refresh }));
  const { api, server, shelf } = made;
  server.expire();
  const waiting = outcomes([api.get('/api/orders', marked('ada'))]);
  await server.waitFor(({ counts }) => counts.refreshes === 1);
  const bob = server.login('bob');
  logIn(way, made, bob);
  gate.resolve();
  await waiting;
  await settled();
  expect((await api.get('/api/orders', marked('bob'))).data.subject).toBe('bob');
  expect(shelf.held).toBe(bob);
  expect(strangers(server)).toEqual([]);
});

describe('other hosts', () => {
  const CUSTOM = { header: { name: 'X-Auth-Token', format: (token) => token } };

  async function twoServers(way, options, config) {
    const other = await serve();
    const server = await serve();
    const shelf = storage(server.login('ada'));
    const servers = [server, other];
    const { api } = install(way, server, { ...shelf.callbacks, ...options }, { servers, config });
    await settled();
    return { server, other, api, tokens: shelf.held };
  }

  mends('B11: the token does not go to another host', async (way) => {
    const { api, other, tokens } = await twoServers(way);
    way.library.setAuthHeaders(api, tokens.accessToken);
    expect(sent(await api.get('/public/echo'))).toBe(`Bearer ${tokens.accessToken}`);
    expect(sent(await api.get(`${other.url}/public/echo`))).toBe(undefined);
    expect(sent(await api.get('/public/echo', { baseURL: other.url }))).toBe(undefined);
    expect(sent(await api.get(`${other.url}/public/echo`, { skipAuthRefresh: true }))).toBe(undefined);
  });

  mends('B11: another host’s 401 costs no refresh', async (way) => {
    const { api, other, server } = await twoServers(way);
    expect((await failure(api.get(`${other.url}/api/orders`))).response.status).toBe(401);
    expect(server.ledger.counts.tokenRequests).toBe(0);
  });

  mends('B11: a credential of the caller’s own stays, also when it is rejected', async (way) => {
    const { api, server } = await twoServers(way);
    const requests = [];
    server.on('request', ({ subject }) => requests.push(subject));
    const error = await failure(api.get('/api/orders', { headers: { Authorization: 'Basic eDp5' } }));
    expect(error.response.status).toBe(401);
    const other = await failure(api.get('/api/orders', { auth: { username: 'x', password: 'y' } }));
    expect(other.response.status).toBe(401);
    expect(requests).toEqual([null, null]);
    expect(server.ledger.counts.tokenRequests).toBe(0);
  });

  mends(
    'B11: a redirect to another host leaves the token behind, whatever its header is called',
    async (way) => {
      const { api, other, server } = await twoServers(way, CUSTOM);
      server.fault({
        at: 'api',
        kind: 'status',
        status: 302,
        headers: { location: `${other.url}/public/echo` },
      });
      const { data } = await api.get('/api/orders');
      expect(data.headers['x-auth-token']).toBe(undefined);
    },
  );
  mends('B11: without a baseURL the first host is the one', async (way) => {
    const { server, other, api, tokens } = await twoServers(way, {}, { baseURL: undefined });
    // Of those that the token goes to.
    await api.get(`${other.url}/public/echo`, { skipAuthRefresh: true });
    expect(sent(await api.get(`${server.url}/public/echo`))).toBe(`Bearer ${tokens.accessToken}`);
    expect(sent(await api.get(`${other.url}/public/echo`))).toBe(undefined);
  });

  test('nor does a host count that was asked before anybody was logged in', async () => {
    const [[, way]] = OURS;
    const [login, server] = [await serve(), await serve()];
    const { api } = install(way, server, {}, { config: { baseURL: undefined } });
    await api.get(`${login.url}/public/login`);
    const tokens = server.login('ada');
    way.library.setAuthHeaders(api, tokens.accessToken);
    expect(sent(await api.get(`${server.url}/public/echo`))).toBe(`Bearer ${tokens.accessToken}`);
    expect(sent(await api.get(`${login.url}/public/login`))).toBe(undefined);
  });

  test('allowedOrigins adds more', async () => {
    const [[, way]] = OURS;
    const first = await serve();
    const { api, other, tokens } = await twoServers(way, { allowedOrigins: [first.url] });
    expect(sent(await api.get(`${first.url}/public/echo`))).toBe(`Bearer ${tokens.accessToken}`);
    expect(sent(await api.get('/public/echo'))).toBe(`Bearer ${tokens.accessToken}`);
    expect(sent(await api.get(`${other.url}/public/echo`))).toBe(undefined);
  });
});

describe('bodies', () => {
  async function expiredWorld(way) {
    const world = await loggedIn(way);
    world.server.expire();
    return world;
  }

  mends('B13: a stream that was used up is not sent again as if it were empty', async (way) => {
    const { api, server } = await expiredWorld(way);
    const error = await failure(api.post('/api/orders', Readable.from(['some ', 'text']), marked('stream')));
    expect(error.response.status).toBe(401);
    expect(error.cause).toMatchObject({ code: 'ERR_BODY_NOT_REPLAYABLE' });
    expect(server.ledger.applied).toEqual({});
    // The next one has the new token.
    const { data } = await api.post('/api/orders', Readable.from(['more']));
    expect(data).toMatchObject({ body: 'more', generation: 1 });
  });

  mends('B13: form-data is answered', async (way) => {
    const { api } = await expiredWorld(way);
    const form = new FormStream();
    form.append('file', new PassThrough().end('contents'), { filename: 'a.txt' });
    const error = await failure(api.post('/api/upload', form));
    expect(error.response.status).toBe(401);
    expect(error.cause).toMatchObject({ code: 'ERR_BODY_NOT_REPLAYABLE' });
  });

  mends('B13: transforms see what the caller gave, each time', async (way) => {
    const { api } = await expiredWorld(way);
    const transformRequest = [(data) => JSON.stringify({ wrapped: data })];
    const headers = { 'content-type': 'application/json' };
    const { data } = await api.post('/api/orders', { item: 7 }, { transformRequest, headers });
    expect(JSON.parse(data.body)).toEqual({ wrapped: { item: 7 } });
    expect(data.generation).toBe(1);
  });

  describe.each(OURS)('%s', (_name, way) => {
    test.each([
      ['text', () => 'gr\u00fc\u00dfe'],
      ['JSON', () => ({ a: [1] })],
      ['bytes', () => Buffer.from([1, 2, 254])],
      ['a form', () => new URLSearchParams({ a: '1' })],
      ['FormData', () => formData()],
      ['a Blob', () => new Blob(['blob'])],
    ])('%s is sent again as it was', async (_kind, make) => {
      const { api, server } = await expiredWorld(way);
      const { data } = await api.post('/api/orders', make());
      expect(data.generation).toBe(1);
      const plain = await axios.post(`${server.url}/public/echo`, make());
      expect(text(data)).toBe(text(plain.data));
    });
  });

  /** What the server read; boundaries are made up anew each time. */
  function text({ body, bodyBase64 }) {
    return (body ?? bodyBase64).toLowerCase().replace(/^(-+\S+?)(-*)\r?$/gm, 'boundary');
  }

  function formData() {
    const form = new FormData();
    form.set('field', 'value');
    form.set('file', new Blob(['contents']), 'a.txt');
    return form;
  }
});
