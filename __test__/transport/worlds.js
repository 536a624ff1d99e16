'use strict';

// Mocked networks of three packages behind one interface, for tests that every one of them has to pass.
//
// `transport`: the client's option. `answer({ url, method, token, body, status, data, headers })`: the next request of this kind gets this
// answer. `left()`: how many answers nobody has asked for. `close()`: the network is the real one again.

const { MockAgent } = require('undici');

const JSON_TYPE = { 'content-type': 'application/json' };

function nockWorld() {
  const nock = require('nock');
  if (!nock.isActive()) nock.activate();
  nock.disableNetConnect();
  return {
    transport: { fetch: 'global' },
    answer({ url, method, token, body, status, data, headers = JSON_TYPE }) {
      const { origin, pathname } = new URL(url);
      const scope = nock(
        origin,
        token === undefined ? {} : { reqheaders: { authorization: `Bearer ${token}` } },
      );
      scope
        .intercept(pathname, method, body)
        .reply(status, data === undefined ? '' : JSON.stringify(data), headers);
    },
    left: () => nock.pendingMocks().length,
    close() {
      nock.cleanAll();
      nock.enableNetConnect();
      nock.restore();
    },
  };
}

function mockAgentWorld() {
  const agent = new MockAgent();
  agent.disableNetConnect();
  return {
    transport: { dispatcher: agent },
    answer({ url, method, token, body, status, data, headers = JSON_TYPE }) {
      const { origin, pathname } = new URL(url);
      const wanted = token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } };
      const text = typeof body === 'object' ? JSON.stringify(body) : body;
      const matched = { path: pathname, method, ...wanted, ...(text !== undefined && { body: text }) };
      const answer = data === undefined ? '' : JSON.stringify(data);
      agent.get(origin).intercept(matched).reply(status, answer, { headers });
    },
    left: () => agent.pendingInterceptors().length,
    close: () => agent.close(),
  };
}

function mswWorld() {
  const { http, HttpResponse } = require('msw');
  const { setupServer } = require('msw/node');
  const answers = [];
  const fits = (request, text) => (it) =>
    request.url === it.url &&
    request.method === it.method &&
    (it.token === undefined || request.headers.get('authorization') === `Bearer ${it.token}`) &&
    (it.body === undefined || text === (typeof it.body === 'string' ? it.body : JSON.stringify(it.body)));
  const server = setupServer(
    http.all('https://*', async ({ request }) => {
      const found = answers.findIndex(fits(request, await request.clone().text()));
      if (found < 0) return undefined;
      const [{ status, data, headers = JSON_TYPE }] = answers.splice(found, 1);
      return new HttpResponse(data === undefined ? null : JSON.stringify(data), { status, headers });
    }),
  );
  server.listen({ onUnhandledRequest: 'error' });
  return {
    transport: { fetch: 'global' },
    answer: (expected) => answers.push(expected),
    left: () => answers.length,
    close: () => server.close(),
  };
}

module.exports = { WORLDS: { nock: nockWorld, msw: mswWorld, MockAgent: mockAgentWorld } };
