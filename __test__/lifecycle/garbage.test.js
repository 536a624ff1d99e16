'use strict';

// What nobody uses is collected; what is under way is not, though nobody may know its client any more.

const { once } = require('node:events');
const { startAuthServer } = require('../../lib/testing.js');
const { endChildren, program, reported } = require('./child.js');

jest.setTimeout(120_000);

let server;
beforeEach(async () => (server = await startAuthServer()));
afterEach(async () => {
  await endChildren();
  await server.close();
  expect(server.ledger.counts.reuses).toBe(0);
});

function run(does, settings) {
  const { url, tokenEndpoint } = server;
  const all = { does, url, tokenEndpoint, tokens: server.login(), ...settings };
  return program('garbage', all, { nodeOptions: ['--expose-gc'] });
}

/** Lets the child collect garbage while the server holds its refresh, and then lets that go on. */
async function collectMeanwhile(child) {
  await server.waitFor((ledger) => ledger.hanging === 1);
  const collected = once(child, 'message');
  child.send('collect');
  await Promise.race([collected, child.ended]);
  server.release();
}

test('a thousand dropped clients are collected, though their callbacks refer to them', async () => {
  expect(await reported(run('dropped', { clients: 1000 }))).toEqual({ collected: 1000 });
});

test('sessions that nobody holds are forgotten, and the others stay what they are', async () => {
  const facts = await reported(run('droppedSessions', { sessions: 100 }));
  expect(facts).toEqual({ sessions: 1 + 50, leases: 150, own: 150 });
});

test.each([
  ['pause', 429, { logouts: 0, outcomes: ['ERR_REFRESH_FAILED'] }],
  ['loss', 401, { logouts: 3, outcomes: ['ERR_SESSION_LOST'] }],
])('the %s of a session outlives the objects that asked for it', async (_what, status, expected) => {
  const facts = await reported(run('droppedRestraint', { rounds: 5, status }));
  expect(facts).toEqual({ sessions: 1, refreshes: 3, ...expected });
});

test('what a callback throws too late is collected', async () => {
  const facts = await reported(run('late', { failures: 20 }));
  expect(facts).toEqual({ outcomes: ['ERR_STORE_UNAVAILABLE'], collected: 20 });
});

test('a call for a token outlives its client', async () => {
  expect(await reported(run('asked', { clients: 10 }))).toEqual({ outcomes: ['new'] });
});

test('requests outlive their clients while they wait for a rotation', async () => {
  server.fault({ at: 'before-rotate', kind: 'hang' });
  const tokens = server.login();
  server.expire();
  const child = run('pending', { tokens });
  await collectMeanwhile(child);
  expect(await reported(child)).toEqual({ statuses: [200] });
  expect(server.ledger.counts.refreshes).toBe(1);
});

test('a rotation behind an answer outlives its client', async () => {
  server.fault({ at: 'before-rotate', kind: 'hang' });
  const tokens = { ...server.login(), expiresAt: Date.now() + 30_000 };
  const child = run('behind', { tokens });
  await collectMeanwhile(child);
  expect(await reported(child)).toEqual({ stored: true });
});
