'use strict';

// The recipe of docs/shutdown.md: examples/replicas/service.js gets SIGTERM, and neither a request nor a token is lost.

const { readFileSync } = require('node:fs');
const path = require('node:path');
const { FOLDER, listening, refused, traffic, useReplicas } = require('./replicas.js');

const { serve, run, expectCurrent } = useReplicas();
jest.setTimeout(120_000);
const BY_ITSELF = { code: 0, signal: null, stderr: '' };

test('SIGTERM under traffic: every request is answered, and the process ends by itself', async () => {
  const server = await serve({ accessTokenTtl: 150, latency: [0, 10], apiLatency: [0, 10] });
  const child = run('service.js', { LINGER_MS: '2000' });
  const url = await listening(child);
  const statuses = traffic(url);
  await server.waitFor(({ counts }) => counts.refreshes >= 4);
  child.kill('SIGTERM');
  expect(new Set(await statuses)).toEqual(new Set([200]));
  expect(await child.ended).toMatchObject(BY_ITSELF);
  await expectCurrent();
});

test('SIGTERM in the middle of a rotation: it is stored, and the request that waits for it is answered', async () => {
  const server = await serve();
  const child = run('service.js');
  const url = await listening(child);
  server.fault({ at: 'after-rotate', kind: 'hang' });
  const waiting = fetch(url);
  await server.waitFor(({ hanging }) => hanging === 1);
  child.kill('SIGTERM');
  await refused(url);
  server.release();
  expect((await waiting).status).toBe(200);
  expect(await child.ended).toMatchObject(BY_ITSELF);
  expect(server.ledger.counts.refreshes).toBe(1);
  await expectCurrent();
});

test('a request that never ends does not hold up the end for ever', async () => {
  const server = await serve();
  const child = run('service.js', { GIVE_UP_MS: '300' });
  const url = await listening(child);
  server.fault({ at: 'api', kind: 'hang' });
  const cut = fetch(url).catch((error) => error.cause.code);
  await server.waitFor(({ hanging }) => hanging === 1);
  child.kill('SIGTERM');
  expect(await child.ended).toMatchObject({ code: 1, signal: null, stderr: '' });
  expect(['UND_ERR_SOCKET', 'ECONNRESET']).toContain(await cut);
  await expectCurrent();
});

test('Kubernetes waits for longer than the service does', async () => {
  await serve();
  const [yaml, service] = ['kubernetes.yaml', 'service.js'].map((file) =>
    readFileSync(path.join(FOLDER, file), 'utf8'),
  );
  const grace = Number(/terminationGracePeriodSeconds: (\d+)/.exec(yaml)[1]);
  expect(grace * 1000).toBeGreaterThan(Number(/GIVE_UP_MS = '(\d+)'/.exec(service)[1]));
});
