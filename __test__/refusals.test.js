'use strict';

// What a token endpoint's refusals mean, judged by its ledger: only a refusal of the refresh token ends a session.

const axios = require('axios');
const { rejection } = require('./callbacks/misbehaviours.js');
const { useHarness } = require('./support/harness.js');

const { serve, client, track } = useHarness();

const SECRET = 's3cret-of-the-client';

/** What programs write, one for each way in which an HTTP client hands over a refusal. */
const REFRESHES = {
  'fetch, the error has status and data': async (ask) => {
    const response = await ask(fetch);
    const data = await response.json();
    if (!response.ok) throw Object.assign(new Error('refused'), { status: response.status, data });
    return data;
  },
  'fetch, the response is thrown': async (ask) => {
    const response = await ask(fetch);
    if (!response.ok) throw response;
    return response.json();
  },
  'fetch, the status is not looked at': async (ask) => (await ask(fetch)).json(),
  'fetch, the response is returned': async (ask) => {
    const response = await ask(fetch);
    return response.ok ? response.json() : response;
  },
  'fetch, the error has the text': async (ask) => {
    const response = await ask(fetch);
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return JSON.parse(text);
  },
  axios: async (ask) => (await ask((url, { body, headers }) => axios.post(url, body, { headers }))).data,
  'axios, every status is an answer': async (ask) => {
    const validateStatus = () => true;
    const { status, data } = await ask((url, { body, headers }) =>
      axios.post(url, body, { headers, validateStatus }),
    );
    return status === 200 ? data : { status, data };
  },
  'ky, whose error has the unread response': async (ask) => {
    const response = await ask(fetch);
    if (response.ok) return response.json();
    throw Object.assign(new Error('Request failed'), { name: 'HTTPError', response });
  },
};

const header = (secret) => ({ authorization: `Basic ${Buffer.from(`app:${secret}`).toString('base64')}` });

async function start(write, options = {}, serverOptions = {}) {
  const server = await serve({ reuse: 'strict', clientSecret: SECRET, ...serverOptions });
  const known = { secret: SECRET };
  const refresh = (refreshToken) =>
    write((send) => {
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
      return send(server.tokenEndpoint, { method: 'POST', body, headers: header(known.secret) });
    });
  const logout = jest.fn();
  const onRefreshFailed = jest.fn();
  const api = client(server, { refresh, logout, onRefreshFailed, maxRetries: 0, ...options });
  return { server, known, api, logout, onRefreshFailed };
}

/** As long as the error says that the session pauses. */
const pause = ({ retryAfter }) => new Promise((resolve) => setTimeout(resolve, retryAfter));

describe.each(Object.entries(REFRESHES))('%s', (_, write) => {
  test.each([400, 200])(
    'a wrong client secret, with errorStatus %i, costs no session',
    async (errorStatus) => {
      const { server, known, api, logout, onRefreshFailed } = await start(write, {}, { errorStatus });
      const users = ['ada', 'bob', 'eve'];
      for (const user of users) await api.session(user).setTokens(server.login(user));
      server.expire();
      known.secret = 'old';
      for (const user of users) {
        const error = await rejection(track(api.session(user).get('/api/orders')));
        expect(error).toMatchObject({ code: 'ERR_REFRESH_FAILED', retryable: true, sessionLost: false });
        expect(error.message).toContain('invalid_client: look at the client id and the client secret');
      }
      expect(server.ledger.counts).toMatchObject({ refused: 3, refreshes: 0 });
      expect(onRefreshFailed).toHaveBeenCalledTimes(3);
      expect(logout).not.toHaveBeenCalled();
    },
  );

  test.each([400, 200])('a refused token, answered with %i, ends its session', async (errorStatus) => {
    const { server, api, logout, onRefreshFailed } = await start(write, {}, { errorStatus });
    await api.setTokens(server.login('ada'));
    server.revoke();
    const error = await rejection(track(api.get('/api/orders')));
    expect(error).toMatchObject({ code: 'ERR_SESSION_LOST', reason: 'rejected' });
    expect(error.message).toContain('(invalid_grant)');
    expect(logout).toHaveBeenCalledTimes(1);
    expect(onRefreshFailed).toHaveBeenCalledTimes(1);
    await rejection(track(api.get('/api/orders')));
    expect(server.ledger.counts.tokenRequests).toBe(1);
  });
});

describe('a refusal that is about the request', () => {
  const DATA = REFRESHES['fetch, the error has status and data'];
  test.each([
    [400, { error: 'invalid_request' }, /invalid_request: look at the parameters/],
    [400, { error: 'unsupported_grant_type' }, /look at the grant_type/],
    [400, { error: 'invalid_scope' }, /look at the scope/],
    [400, { error: 'unauthorized_client' }, /look at the client id, and at the grant types/],
    [403, {}, /HTTP 403: look at what the server/],
    [404, {}, /HTTP 404: look at the URL of the token endpoint/],
    [405, {}, /HTTP 405: look at the URL/],
    [415, {}, /HTTP 415: look at the content type/],
  ])('%i %j ends no session, and says where to look', async (status, body, told) => {
    const { server, api, logout } = await start(DATA);
    await api.setTokens(server.login('ada'));
    server.expire();
    server.fault({ at: 'before-rotate', kind: 'status', status, body });
    const error = await rejection(track(api.get('/api/orders')));
    expect(error.code).toBe('ERR_REFRESH_FAILED');
    expect(error.message).toMatch(told);
    expect(logout).not.toHaveBeenCalled();
    expect(await track(api.getTokens())).not.toBe(null);
  });

  test.each([400, 401])('a bare %i is a refusal of the token', async (status) => {
    const { server, api, logout } = await start(DATA);
    await api.setTokens(server.login('ada'));
    server.expire();
    server.fault({ at: 'before-rotate', kind: 'status', status, body: {} });
    expect((await rejection(track(api.get('/api/orders')))).code).toBe('ERR_SESSION_LOST');
    expect(logout).toHaveBeenCalledTimes(1);
  });
});

describe('a client secret that is wrong for a while', () => {
  const users = ['ada', 'bob', 'eve'];

  test('is served at the first try after the mend', async () => {
    const { server, known, api, logout } = await start(REFRESHES.axios);
    const gets = users.map((user) => () => track(api.session(user).get('/api/orders')));
    for (const user of users) await api.session(user).setTokens(server.login(user));
    server.expire();
    known.secret = 'old';
    const errors = await Promise.all(gets.map((get) => rejection(get())));
    known.secret = SECRET;
    await Promise.all(errors.map(pause));
    const answers = await Promise.all(gets.map((get) => get()));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(server.ledger.counts).toMatchObject({ refused: 3, refreshes: 3, reuses: 0 });
    expect(logout).not.toHaveBeenCalled();
  });

  test('is not noticed if it is mended within the tries', async () => {
    const secrets = ['old', SECRET];
    const mended = (ask) => {
      current.known.secret = secrets.shift();
      return REFRESHES.axios(ask);
    };
    const current = await start(mended, { maxRetries: 3 });
    const { server, api } = current;
    await api.setTokens(server.login('ada'));
    server.expire();
    expect((await track(api.get('/api/orders'))).status).toBe(200);
    expect(server.ledger.counts).toMatchObject({ refused: 1, refreshes: 1 });
  });

  test('is wrong because the server has another one', async () => {
    const { server, api, logout } = await start(REFRESHES['fetch, the response is thrown']);
    await api.setTokens(server.login('ada'));
    server.expire();
    server.clientSecret = 'new';
    expect((await rejection(track(api.get('/api/orders')))).message).toContain('invalid_client');
    expect(logout).not.toHaveBeenCalled();
  });
});

test("an error of the server's own that is returned counts as thrown, and may pass", async () => {
  const server = await serve();
  const answer = { error: 'tenant_is_moving' };
  const api = client(server, { tokens: server.login('ada'), refresh: () => answer, maxRetries: 0 });
  server.expire();
  const error = await rejection(track(api.get('/api/orders')));
  expect(error).toMatchObject({ code: 'ERR_REFRESH_FAILED', sessionLost: false });
  expect(error.cause).toBe(answer);
  expect(api.stats().ambiguous).toBe(0);
});

test('an Error that is returned counts as thrown', async () => {
  const server = await serve();
  const refresh = () =>
    Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })).catch((e) => e);
  const api = client(server, { tokens: server.login('ada'), refresh, maxRetries: 0 });
  server.expire();
  const error = await rejection(track(api.get('/api/orders')));
  expect(error).toMatchObject({ code: 'ERR_REFRESH_FAILED', cause: { code: 'ECONNREFUSED' } });
});

test('nobody logged in, and a refresh that throws for want of a token', async () => {
  const server = await serve();
  const refresh = (refreshToken) => {
    if (refreshToken === null) throw new Error('no refresh token');
    throw new Error('not expected');
  };
  const api = client(server, { refresh });
  const error = await rejection(track(api.get('/api/orders')));
  expect(error).toMatchObject({ code: 'ERR_REFRESH_FAILED', cause: { message: 'no refresh token' } });
  expect(error.message).toContain('nobody is logged in');
  await api.setTokens(server.login('ada'));
  expect((await track(api.get('/api/orders'))).status).toBe(200);
});
