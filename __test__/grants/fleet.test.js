'use strict';

// One token for all processes that ask for the same. More of them: PROCESSES=50 npx jest __test__/grants/fleet

const { startRedis } = require('../stores/support/redis.js');
const { startChild } = require('./support/child.js');

const PROCESSES = Number(process.env.PROCESSES ?? 8);

let redis;
let server;
const members = [];

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(() => redis?.stop());

beforeEach(async () => {
  server = await startChild('authority', {});
});

afterEach(async () => {
  await Promise.all(members.splice(0).map((member) => member.stop()));
  await server.stop();
});

/** Starts a process for each of these grants, which then send a request each at the same moment. */
async function together(grants, prefix) {
  const { url: baseURL, tokenEndpoint } = server;
  const store = { type: 'redis', url: redis.url, prefix };
  const started = grants.map((more) => {
    const grant = { type: 'client_credentials', tokenEndpoint, clientId: 'app', ...more };
    return startChild('member', { options: { baseURL, grant, store } });
  });
  members.push(...(await Promise.all(started)));
  const statuses = await Promise.all(members.map((member) => member.ask()));
  expect(statuses).toEqual(grants.map(() => [200]));
  return server.ask();
}

test('processes that start at once send one token request between them', async () => {
  const { forms, apiRequests } = await together(Array(PROCESSES).fill({ scope: 'a b' }), 'one:');
  expect({ tokenRequests: forms.length, apiRequests }).toEqual({ tokenRequests: 1, apiRequests: PROCESSES });
}, 120_000);

test('a token is for what it was asked for: scopes, audience, resource and client part sessions of one name', async () => {
  const grants = [
    { scope: 'a b' },
    { scope: ['b', 'a'] },
    { scope: 'a' },
    { scope: 'a b', audience: 'api' },
    { scope: 'a b', resource: 'https://api.example.com' },
    { scope: 'a b', clientId: 'another' },
    { scope: 'a b', params: { organization: '7' } },
  ];
  const { forms } = await together(grants, 'several:');
  expect(forms).toHaveLength(grants.length - 1);
}, 60_000);
