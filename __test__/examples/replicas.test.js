'use strict';

// The examples of docs/replicas.md run for real: several processes, threads or functions, and one rotation for each expiry.

const { once } = require('node:events');
const path = require('node:path');
const { startRedis } = require('../stores/support/redis.js');
const { reported, start } = require('../lifecycle/child.js');
const { FOLDER, listening, refused, traffic, useReplicas } = require('./replicas.js');

const { serve, run, expectCurrent } = useReplicas();
const PATIENCE = { timeout: 60_000 };
jest.setTimeout(120_000);

test('cluster: the workers rotate once for each expiry, and SIGTERM ends all of them', async () => {
  const server = await serve({ latency: [0, 10], apiLatency: [0, 5] });
  const child = run('cluster.js', { LINGER_MS: '2000' });
  const url = await listening(child);
  const statuses = traffic(url);
  let served = 0;
  for (let expiry = 0; expiry < 4; expiry += 1) {
    // A token that no endpoint has accepted yet would be sent again instead of being refreshed.
    served = await server.waitFor(({ counts: { apiRequests, rejected } }) => {
      const accepted = apiRequests - rejected;
      return accepted >= served + 12 && accepted;
    }, PATIENCE);
    server.expire();
    await server.waitFor(({ counts }) => counts.refreshes > expiry + 1, PATIENCE);
  }
  child.kill('SIGTERM');
  expect(new Set(await statuses)).toEqual(new Set([200]));
  expect(await child.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  await refused(url);
  // The first one, and one for each expiry.
  expect(server.ledger.counts.refreshes).toBe(5);
  await expectCurrent();
});

test('PM2: a process that its manager forks says when it is ready, and ends by itself at SIGINT', async () => {
  await serve();
  const { apps } = require('../../examples/replicas/ecosystem.config.js');
  const child = run(path.basename(apps[0].script));
  // lifecycle/child.js opens a channel, as PM2 does.
  expect(await once(child, 'message')).toEqual(['ready', undefined]);
  const url = await listening(child);
  expect((await fetch(url)).status).toBe(200);
  child.kill('SIGINT');
  expect(await child.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  await expectCurrent();
});

test('worker threads: one refresh for all of them', async () => {
  const server = await serve();
  const child = run('threads.js', { TOKEN_DIRECTORY: '', THREADS: '3', JOBS: '60' });
  expect(await reported(child)).toEqual({ 200: 60 });
  expect(server.ledger.counts.refreshes).toBe(1);
});

describe('serverless', () => {
  let redis;
  beforeAll(async () => (redis = await startRedis()));
  afterAll(() => redis.stop());

  const CALLED_ONCE = `
    const { handler } = require(${JSON.stringify(path.join(FOLDER, 'serverless.js'))});
    handler().then(({ statusCode }) => console.log(statusCode));
  `;

  test('instances that start cold at the same moment refresh once, and the next one finds their token', async () => {
    const server = await serve({ latency: [0, 10] });
    const { refreshToken } = server.login('grace');
    const at = { API_URL: server.url, TOKEN_ENDPOINT: server.tokenEndpoint, REDIS_URL: redis.url };
    const instance = () =>
      start(['-e', CALLED_ONCE], { env: { ...process.env, ...at, REFRESH_TOKEN: refreshToken } });
    const statuses = await Promise.all([instance(), instance(), instance()].map(reported));
    expect(statuses).toEqual([200, 200, 200]);
    expect(await reported(instance())).toBe(200);
    expect(server.ledger.counts.refreshes).toBe(1);
    server.expire();
    expect(await reported(instance())).toBe(200);
    expect(server.ledger.counts.refreshes).toBe(2);
  });
});
